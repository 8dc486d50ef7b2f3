from rest_framework import serializers

from .models import Customer, Item, Order


class ItemSerializer(serializers.ModelSerializer):
    class Meta:
        model = Item
        fields = ["id", "sku", "price", "count"]


class CustomerSerializer(serializers.ModelSerializer):
    class Meta:
        model = Customer
        fields = ["id", "email", "nickname", "is_new"]


class OrderSerializer(serializers.ModelSerializer):
    items = ItemSerializer(many=True)
    total = serializers.SerializerMethodField()
    customer_email = serializers.EmailField(source="customer.email", read_only=True)

    class Meta:
        model = Order
        fields = "__all__"

    def get_total(self, order) -> float:
        """What it costs in all."""
        return 0.0


class OrderRowSerializer(serializers.ModelSerializer):
    class Meta:
        model = Order
        fields = ["id", "status", "placed_at"]


class PaymentSerializer(serializers.Serializer):
    amount = serializers.DecimalField(max_digits=8, decimal_places=2)
    method = serializers.ChoiceField(choices=["card", "cash"])
