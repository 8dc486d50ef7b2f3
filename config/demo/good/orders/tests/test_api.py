from django.contrib.auth import get_user_model
from rest_framework import status
from rest_framework.test import APITestCase

from catalogue.models import Product
from orders.models import Order


class OrderApiTests(APITestCase):
    @classmethod
    def setUpTestData(cls):
        User = get_user_model()
        cls.ada = User.objects.create_user("ada", password="a-long-passphrase")
        cls.ben = User.objects.create_user("ben", password="a-long-passphrase")
        cls.kettle = Product.objects.create(
            sku="K-1", name="Kettle", price="24.90", stock=3
        )
        cls.cup = Product.objects.create(sku="C-1", name="Cup", price="4.50", stock=10)

    def place(self, *lines):
        body = {"lines": [{"product": p.pk, "quantity": q} for p, q in lines]}
        return self.client.post("/api/orders/", body, format="json")

    def test_strangers_are_turned_away(self):
        for response in [
            self.client.get("/api/orders/"),
            self.client.post("/api/orders/"),
            self.client.get("/api/orders/1/"),
            self.client.post("/api/orders/1/cancel/"),
        ]:
            self.assertEqual(response.status_code, status.HTTP_401_UNAUTHORIZED)

    def test_an_order_takes_stock_and_keeps_the_price(self):
        self.client.force_authenticate(self.ada)
        response = self.place((self.kettle, 2), (self.cup, 1))
        self.assertEqual(response.status_code, status.HTTP_201_CREATED)
        self.kettle.refresh_from_db()
        self.assertEqual(self.kettle.stock, 1)
        Product.objects.filter(pk=self.kettle.pk).update(price="30.00")
        lines = self.client.get(f"/api/orders/{response.json()['id']}/").json()["lines"]
        prices = {line["sku"]: line["unit_price"] for line in lines}
        self.assertEqual(prices, {"K-1": "24.90", "C-1": "4.50"})

    def test_an_order_that_cannot_be_met_changes_nothing(self):
        self.client.force_authenticate(self.ada)
        response = self.place((self.cup, 1), (self.kettle, 4))
        self.assertEqual(response.status_code, status.HTTP_409_CONFLICT)
        self.cup.refresh_from_db()
        self.assertEqual(self.cup.stock, 10)
        self.assertEqual(Order.objects.count(), 0)

    def test_bad_orders_are_refused(self):
        self.client.force_authenticate(self.ada)
        for lines in ([], [(self.cup, 0)], [(self.cup, 1), (self.cup, 2)]):
            with self.subTest(lines=lines):
                response = self.place(*lines)
                self.assertEqual(response.status_code, status.HTTP_400_BAD_REQUEST)

    def test_orders_of_others_do_not_exist(self):
        self.client.force_authenticate(self.ada)
        order = self.place((self.cup, 1)).json()["id"]
        self.client.force_authenticate(self.ben)
        listed = self.client.get("/api/orders/").json()["results"]
        self.assertEqual(listed, [])
        response = self.client.get(f"/api/orders/{order}/")
        self.assertEqual(response.status_code, status.HTTP_404_NOT_FOUND)
        response = self.client.post(f"/api/orders/{order}/cancel/")
        self.assertEqual(response.status_code, status.HTTP_404_NOT_FOUND)

    def test_cancelling_puts_stock_back_once(self):
        self.client.force_authenticate(self.ada)
        order = self.place((self.kettle, 2)).json()["id"]
        for _ in range(2):
            response = self.client.post(f"/api/orders/{order}/cancel/")
            self.assertEqual(response.status_code, status.HTTP_200_OK)
        self.kettle.refresh_from_db()
        self.assertEqual(self.kettle.stock, 3)

    def test_a_shipped_order_stays(self):
        order = Order.objects.create(customer=self.ada, status=Order.Status.SHIPPED)
        self.client.force_authenticate(self.ada)
        response = self.client.post(f"/api/orders/{order.pk}/cancel/")
        self.assertEqual(response.status_code, status.HTTP_409_CONFLICT)

    def test_a_list_costs_the_same_for_one_order_or_many(self):
        self.client.force_authenticate(self.ada)
        for _ in range(3):
            self.place((self.cup, 1), (self.kettle, 1))
        with self.assertNumQueries(4):
            self.client.get("/api/orders/")
