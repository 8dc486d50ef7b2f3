//! Trees that were made to hurt: facts stay bounded and say what they left out.

use std::fmt::Write as _;

use super::testing::{facts, shop};

#[test]
fn ten_thousand_models_in_one_file() {
    let mut models = String::from("from django.db import models\n");
    for at in 0..10_000 {
        let _ = write!(
            models,
            "class M{at}(models.Model):\n    a = models.ForeignKey('M{}', on_delete=models.CASCADE)\n",
            (at + 1) % 10_000
        );
    }
    let facts = facts([("shop/__init__.py", ""), ("shop/models.py", &models)]);
    assert_eq!(facts.django.models().len(), 10_000);
}

#[test]
fn conditions_that_fork_without_end() {
    let mut body = String::new();
    for at in 0..200 {
        let _ = writeln!(
            body,
            "        if self.request.query_params.get('a{at}'):\n            qs = qs.filter(a{at}=1)\n        if x{at}():\n            return [permissions.AllowAny()]"
        );
    }
    let views = format!(
        "class V(viewsets.ModelViewSet):\n    queryset = Order.objects.all()\n    def get_queryset(self):\n        qs = Order.objects.all()\n{body}        return qs\n    def get_permissions(self):\n        qs = 1\n{body}        return [permissions.IsAdminUser()]\n"
    );
    let facts = shop(
        "",
        "class Order(models.Model):\n    pass\n",
        &views,
        "router = SimpleRouter()\nrouter.register('v', V)\nurlpatterns = router.urls",
    );
    assert_eq!(facts.django.routes().len(), 6);
    for route in facts.django.routes() {
        assert!(route.permission().alternatives.len() <= 64);
    }
}

#[test]
fn methods_that_call_each_other_and_long_functions() {
    let mut views = String::from("class V(views.APIView):\n");
    for at in 0..60 {
        let _ = writeln!(views, "    def m{at}(self, x):");
        for other in 0..60 {
            let _ = writeln!(views, "        x = self.m{other}(x)");
        }
        views.push_str("        return x\n");
    }
    views.push_str("    def get(self, request):\n        x = Order.objects.all()\n");
    for _ in 0..3_000 {
        views.push_str("        x = self.m0(x).filter(a=request.user)\n");
    }
    views.push_str("        return Response(x)\n");
    let facts = shop(
        "",
        "class Order(models.Model):\n    pass\n",
        &views,
        "urlpatterns = [path('v/', V.as_view())]",
    );
    assert_eq!(facts.django.routes().len(), 1);
}

#[test]
fn includes_serializers_and_permissions_in_circles() {
    let facts = shop(
        "",
        "class A(models.Model):\n    b = models.ForeignKey('B', on_delete=models.CASCADE, related_name='as_')\nclass B(models.Model):\n    a = models.ForeignKey(A, on_delete=models.CASCADE, related_name='bs')\n",
        "
class ASerializer(serializers.ModelSerializer):
    class Meta:
        model = A
        fields = '__all__'
        depth = 10
class BSerializer(serializers.ModelSerializer):
    a = serializers.SerializerMethodField()
    def get_a(self, obj):
        return BSerializer(obj.a.b).data
    class Meta(ASerializer.Meta):
        model = B
class P(permissions.BasePermission):
    def has_permission(self, request, view):
        return self.has_permission(request, view) or super().has_permission(request, view)
class V(viewsets.ModelViewSet):
    queryset = A.objects.all()
    serializer_class = ASerializer
    permission_classes = [P]
    def get_queryset(self):
        return self.get_queryset()
    def get_serializer_class(self):
        return self.get_serializer_class()
",
        "
a = SimpleRouter()
b = SimpleRouter()
a.register('v', V, basename='v')
a.registry.extend(b.registry)
b.registry.extend(a.registry)
urlpatterns = [path('', include(a.urls)), path('c/', include('config.urls'))]
",
    );
    assert!(facts.django.routes().len() >= 6);
    assert!(
        facts
            .django
            .notes()
            .iter()
            .any(|n| n.contains("include each other"))
    );
}

#[test]
fn nothing_but_syntax_errors() {
    for text in [
        "class (",
        "urlpatterns = [path(",
        "def f(:\n  x = ",
        "\u{0}\u{0}",
        "class A(models.Model):\n x = models.",
    ] {
        let facts = facts([
            ("manage.py", text),
            ("app/urls.py", text),
            ("app/settings.py", text),
            ("app/models.py", text),
            ("app/serializers.py", text),
            ("app/views.py", text),
        ]);
        let _ = crate::facts::render_text(&facts);
    }
}
