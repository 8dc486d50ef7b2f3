from django.urls import include, path
from rest_framework.routers import DefaultRouter

from . import views

router = DefaultRouter()
router.register("orders", views.OrderViewSet)

urlpatterns = [
    path("api/", include(router.urls)),
    path("api/customers/", views.CustomerList.as_view()),
    path("api/customers/<uuid:pk>/", views.CustomerDetail.as_view()),
    path("api/health/", views.Health.as_view()),
    path("api/echo/", views.echo),
]
