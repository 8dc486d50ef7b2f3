"""Everything that changes orders and stock. Views stay thin; each function is one transaction."""

from django.db import transaction

from catalogue.models import Product

from .models import Order, OrderLine


class OutOfStock(Exception):
    def __init__(self, product):
        super().__init__(f"Only {product.stock} of {product.sku} left.")
        self.product = product


class NotCancellable(Exception):
    pass


@transaction.atomic
def place_order(customer, lines):
    """Places an order, or nothing at all.

    `lines` maps product ids to quantities. Products are locked in the order of their ids, so that
    two orders for the same products wait for each other and never deadlock.
    """
    products = {
        product.pk: product
        for product in Product.objects.select_for_update()
        .filter(pk__in=lines)
        .order_by("pk")
    }
    order = Order.objects.create(customer=customer)
    for product_id, quantity in sorted(lines.items()):
        product = products[product_id]
        if product.stock < quantity:
            raise OutOfStock(product)
        product.stock -= quantity
        product.save(update_fields=["stock"])
        OrderLine.objects.create(
            order=order, product=product, quantity=quantity, unit_price=product.price
        )
    return order


@transaction.atomic
def cancel_order(order_id):
    """Cancels an order that is not shipped and puts its stock back. Cancelling twice is harmless."""
    order = Order.objects.select_for_update().get(pk=order_id)
    if order.status == Order.Status.CANCELLED:
        return order
    if order.status != Order.Status.PLACED:
        raise NotCancellable(f"The order is {order.status}.")
    quantities = dict(order.lines.values_list("product_id", "quantity"))
    products = (
        Product.objects.select_for_update().filter(pk__in=quantities).order_by("pk")
    )
    for product in products:
        product.stock += quantities[product.pk]
        product.save(update_fields=["stock"])
    order.status = Order.Status.CANCELLED
    order.save(update_fields=["status"])
    return order
