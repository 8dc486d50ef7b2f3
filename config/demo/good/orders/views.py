from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from . import services
from .models import Order
from .serializers import NewOrderSerializer, OrderSerializer


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class OrderViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet
):
    """A customer's own orders. Those of others do not exist here: 404, never 403."""

    queryset = Order.objects.none()
    serializer_class = OrderSerializer
    permission_classes = [IsAuthenticated]

    def get_queryset(self):
        return Order.objects.filter(customer=self.request.user).prefetch_related(
            "lines__product"
        )

    @extend_schema(request=NewOrderSerializer, responses={201: OrderSerializer})
    def create(self, request):
        form = NewOrderSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        lines = {
            line["product"].pk: line["quantity"] for line in form.validated_data["lines"]
        }
        try:
            order = services.place_order(request.user, lines)
        except services.OutOfStock as error:
            raise Conflict(str(error)) from error
        return Response(OrderSerializer(order).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={200: OrderSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request, pk=None):
        order = self.get_object()
        try:
            order = services.cancel_order(order.pk)
        except services.NotCancellable as error:
            raise Conflict(str(error)) from error
        return Response(OrderSerializer(order).data)
