from django.contrib import admin
from django.urls import include, path
from rest_framework_simplejwt.views import TokenObtainPairView

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("catalogue.urls")),
    path("api/", include("shop.urls")),
    path("api/login/", TokenObtainPairView.as_view()),
]
