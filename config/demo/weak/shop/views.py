from django.contrib.auth.models import User
from django.db import connection
from rest_framework import viewsets
from rest_framework.decorators import action, api_view
from rest_framework.response import Response

from catalogue.models import Product

from .models import Order, OrderItem
from .serializers import OrderSerializer, UserSerializer


class UserViewSet(viewsets.ModelViewSet):
    queryset = User.objects.all()
    serializer_class = UserSerializer


class OrderViewSet(viewsets.ModelViewSet):
    queryset = Order.objects.all().order_by("-created")
    serializer_class = OrderSerializer

    def create(self, request):
        order = Order.objects.create(
            customer_id=request.data["customer"], note=request.data.get("note", "")
        )
        total = 0
        for item in request.data["items"]:
            product = Product.objects.get(id=item["product"])
            if product.stock < item["quantity"]:
                return Response({"error": "out of stock"}, status=400)
            product.stock = product.stock - item["quantity"]
            product.save()
            OrderItem.objects.create(
                order=order,
                product=product,
                quantity=item["quantity"],
                price=float(product.price),
            )
            total += float(product.price) * item["quantity"]
        order.total = total
        order.save()
        return Response(OrderSerializer(order).data)

    @action(detail=True, methods=["post"])
    def cancel(self, request, pk=None):
        order = Order.objects.get(id=pk)
        for item in order.items.all():
            item.product.stock += item.quantity
            item.product.save()
        order.status = "cancelled"
        order.save()
        return Response({"ok": True})


@api_view(["GET"])
def search(request):
    term = request.GET.get("q", "")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, status FROM shop_order WHERE note LIKE '%{term}%'")
        return Response(cursor.fetchall())
