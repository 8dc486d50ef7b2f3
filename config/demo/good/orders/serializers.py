from rest_framework import serializers

from catalogue.models import Product

from .models import Order, OrderLine

MAX_LINES = 50


class OrderLineSerializer(serializers.ModelSerializer):
    sku = serializers.CharField(source="product.sku", read_only=True)

    class Meta:
        model = OrderLine
        fields = ["sku", "quantity", "unit_price"]


class OrderSerializer(serializers.ModelSerializer):
    lines = OrderLineSerializer(many=True, read_only=True)

    class Meta:
        model = Order
        fields = ["id", "status", "created_at", "lines"]
        read_only_fields = ["id", "status", "created_at"]


class NewLineSerializer(serializers.Serializer):
    product = serializers.PrimaryKeyRelatedField(queryset=Product.objects.all())
    quantity = serializers.IntegerField(min_value=1, max_value=1000)


class NewOrderSerializer(serializers.Serializer):
    lines = NewLineSerializer(many=True, allow_empty=False, max_length=MAX_LINES)

    def validate_lines(self, lines):
        products = [line["product"].pk for line in lines]
        if len(products) != len(set(products)):
            raise serializers.ValidationError("Name each product once.")
        return lines
