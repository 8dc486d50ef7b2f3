use crate::django::PathEnd;
use crate::django::fields::FieldKind;
use crate::django::testing::{facts, model, shop};

#[test]
fn fields_come_through_abstract_bases_and_packages() {
    let facts = shop(
        "AUTH_USER_MODEL = 'shop.User'\nDEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'",
        "
from django.contrib.auth.models import AbstractUser

class Stamped(models.Model):
    created_at = models.DateTimeField(auto_now_add=True)
    note: str = models.CharField(max_length=10)
    class Meta:
        abstract = True
        ordering = ['-created_at']

class User(AbstractUser):
    phone = models.CharField(max_length=20, unique=True)

class Order(Stamped):
    class Status(models.TextChoices):
        NEW = 'new', 'New'
        PAID = 'paid', 'Paid'
    note = None
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name='orders')
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NEW)
    total = models.DecimalField(max_digits=8, decimal_places=2)
    class Meta(Stamped.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=['owner', 'total'], name='u')]
        indexes = [models.Index(fields=['status', '-total'])]

class Item(models.Model):
    order = models.ForeignKey('Order', on_delete=models.CASCADE)
    tags = models.ManyToManyField('shop.Tag', blank=True)
    title = models.SlugField()
    def __str__(self):
        return self.title

class Tag(models.Model):
    name = models.CharField(max_length=5)

class Gift(Item):
    wrapped = models.BooleanField(default=False)
",
        "",
        "urlpatterns = []",
    );
    let django = &facts.django;
    let order = model(django, "Order");
    let names: Vec<&str> = order.fields.iter().map(|f| &*f.name).collect();
    assert_eq!(names, ["id", "created_at", "owner", "status", "total"]);
    assert_eq!(order.pk().unwrap().base.as_ref(), "BigAutoField");
    assert!(!order.is_abstract);
    assert_eq!(
        order.meta.ordering.as_deref().unwrap()[0].as_ref(),
        "-created_at"
    );
    assert!(order.is_unique_for(&["total", "owner"]));
    assert!(!order.is_unique_for(&["owner"]));
    assert!(order.is_index_leader("status") && !order.is_index_leader("total"));
    assert_eq!(order.choices("status").unwrap().len(), 2);
    assert_eq!(order.field("owner_id").unwrap().kind, FieldKind::ForeignKey);
    assert_eq!(order.owner().unwrap().path.as_ref(), "owner");
    assert!(order.is_private_like && order.is_growth_like);

    let user = model(django, "User");
    assert!(user.is_user);
    assert!(user.field("email").is_some() && user.field("is_staff").is_some());
    assert_eq!(user.reverse("orders").unwrap().model, order.id);

    let item = model(django, "Item");
    assert_eq!(item.owner().unwrap().path.as_ref(), "order__owner");
    assert!(item.has_str);
    assert_eq!(item.field("title").unwrap().db_index, Some(true));
    assert_eq!(
        order.reverse("item_set").unwrap().query_name.as_ref(),
        "item"
    );
    let tag = model(django, "Tag");
    assert!(tag.reverse("item_set").is_some());

    let gift = model(django, "Gift");
    assert_eq!(gift.parents, [item.id]);
    assert!(gift.field("title").is_some() && gift.pk().unwrap().name.as_ref() == "item_ptr");

    assert!(matches!(
        django.resolve_path(item.id, "order__owner__phone"),
        PathEnd::Field(m, f) if &*m.name == "User" && &*f.name == "phone"
    ));
    assert!(matches!(
        django.resolve_path(order.id, "item__title"),
        PathEnd::Field(..)
    ));
    assert!(matches!(
        django.resolve_path(order.id, "nothing"),
        PathEnd::Missing(_)
    ));
}

#[test]
fn managers_and_look_alikes_are_no_models() {
    let facts = shop(
        "",
        "
class PaidQuerySet(models.QuerySet):
    def paid(self):
        return self.filter(paid=True)
class OrderManager(models.Manager.from_queryset(PaidQuerySet)):
    pass
class Order(models.Model):
    paid = models.BooleanField(default=False)
    objects = OrderManager()
    paid_ones = PaidQuerySet.as_manager()
",
        "",
        "urlpatterns = []",
    );
    let django = &facts.django;
    assert_eq!(
        django.models().iter().filter(|m| m.class.is_some()).count(),
        1
    );
    let order = model(django, "Order");
    let names: Vec<&str> = order.managers.iter().map(|m| &*m.name).collect();
    assert_eq!(names, ["objects", "paid_ones"]);
    assert_eq!(order.managers[0].querysets.len(), 1);
}

#[test]
fn cycles_and_self_reference_end() {
    let facts = facts([(
        "shop/models.py",
        "from django.db import models\nclass A(B):\n    pass\nclass B(A):\n    pass\nclass C(models.Model):\n    parent = models.ForeignKey('self', null=True, on_delete=models.CASCADE)\n",
    )]);
    let c = model(&facts.django, "C");
    assert_eq!(c.reverse("c_set").unwrap().model, c.id);
}
