from rest_framework.test import APITestCase

from .models import Product


class ProductTests(APITestCase):
    def test_everybody_sees_the_catalogue(self):
        kettle = Product.objects.create(sku="K-1", name="Kettle", price="24.90", stock=3)
        response = self.client.get(f"/api/products/{kettle.pk}/")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json()["sku"], "K-1")
