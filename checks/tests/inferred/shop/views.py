import django_filters
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import filters, generics, pagination, permissions, viewsets
from rest_framework.decorators import action, api_view
from rest_framework.response import Response
from rest_framework.views import APIView

from .models import Customer, Order
from .serializers import (
    CustomerSerializer,
    OrderRowSerializer,
    OrderSerializer,
    PaymentSerializer,
)


class OrderFilter(django_filters.FilterSet):
    placed = django_filters.DateFromToRangeFilter(field_name="placed_at")

    class Meta:
        model = Order
        fields = {"status": ["exact"], "customer": ["exact", "in"], "id": ["gte"]}


class OrderViewSet(viewsets.ModelViewSet):
    """Orders of all customers."""

    queryset = Order.objects.all()
    filter_backends = [DjangoFilterBackend, filters.SearchFilter, filters.OrderingFilter]
    filterset_class = OrderFilter

    def get_serializer_class(self):
        if self.action == "list":
            return OrderRowSerializer
        return OrderSerializer

    def get_permissions(self):
        if self.action == "destroy":
            return [permissions.IsAdminUser()]
        return super().get_permissions()

    @extend_schema(
        request=PaymentSerializer,
        responses={200: OrderSerializer, 402: OpenApiResponse(description="Not enough")},
        parameters=[OpenApiParameter("dry_run", bool, description="Change nothing")],
    )
    @action(detail=True, methods=["post"], url_path="pay-now")
    def pay(self, request, pk=None):
        """Pays the order."""
        return Response()

    @action(detail=False, pagination_class=None)
    def open(self, request):
        return Response([])


class CustomerPages(pagination.LimitOffsetPagination):
    default_limit = 5


class CustomerList(generics.ListCreateAPIView):
    serializer_class = CustomerSerializer
    pagination_class = CustomerPages
    permission_classes = [permissions.AllowAny]

    def get_queryset(self):
        return Customer.objects.filter(orders__isnull=False)


class CustomerDetail(generics.RetrieveUpdateAPIView):
    queryset = Customer.objects.all()
    serializer_class = CustomerSerializer
    permission_classes = [permissions.IsAuthenticated]


class Health(APIView):
    """Whether it runs."""

    authentication_classes = []

    def get(self, request):
        return Response({"ok": True})


@api_view(["GET", "POST"])
def echo(request):
    return Response(request.data)
