from django.urls import path
from rest_framework.routers import DefaultRouter

from . import views

router = DefaultRouter()
router.register("orders", views.OrderViewSet)
router.register("users", views.UserViewSet)

urlpatterns = [path("orders/search/", views.search)] + router.urls
