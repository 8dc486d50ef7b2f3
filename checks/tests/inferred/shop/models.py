import uuid

from django.core.validators import MinValueValidator
from django.db import models


class Customer(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    nickname = models.CharField(max_length=30, blank=True)

    @property
    def is_new(self) -> bool:
        return True


class Order(models.Model):
    class Status(models.TextChoices):
        OPEN = "open", "Open"
        PAID = "paid", "Paid"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="orders")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    placed_at = models.DateTimeField(auto_now_add=True)
    note = models.TextField(null=True, blank=True, help_text="Shown on the parcel")

    class Meta:
        verbose_name = "customer order"


class Item(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items")
    sku = models.SlugField()
    price = models.DecimalField(max_digits=8, decimal_places=2)
    count = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])
