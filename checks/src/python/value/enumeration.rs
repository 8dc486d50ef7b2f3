//! Enumerations: `enum.Enum`, Django's choices, their members and what those hold.

use std::sync::Arc;

use super::super::link::ClassId;
use super::super::mro::Base;
use super::super::syntax::Expr;
use super::eval::Eval;
use super::{Place, Val};

/// Kinds of enumeration, by what the members hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Enumeration {
    /// `enum.Enum`
    Plain,
    /// `models.TextChoices`, `models.IntegerChoices`: value and label.
    Choices,
}

impl Enumeration {
    /// The value of a member, from what stands in the class body.
    pub(super) fn value_of(self, raw: Val) -> Val {
        match (self, &raw) {
            // `A = "a", _("Label")`
            (Self::Choices, Val::Seq(items)) if items.len() > 1 => items
                .first()
                .map_or_else(|| Val::unknown("has no value"), |(value, _)| value.clone()),
            _ => raw,
        }
    }
}

/// A member of an enumeration.
struct Member {
    name: Arc<str>,
    value: Val,
    label: Val,
}

impl Eval<'_> {
    /// `Status.OPEN.value`, `.label`, `.name`.
    pub(super) fn member_part(&mut self, member: &Expr, part: &str) -> Option<Val> {
        if !matches!(part, "value" | "label" | "name") {
            return None;
        }
        let symbol = self.program.resolve(self.scope(), member);
        let (class, name) = self.program.class_of_variable(&symbol)?;
        self.enumeration(class)?;
        if part == "name" {
            return Some(Val::str(name));
        }
        let member = self
            .enumeration_members(class)?
            .into_iter()
            .find(|member| member.name == name)?;
        Some(if part == "value" {
            member.value
        } else {
            member.label
        })
    }

    /// `Status.choices`, `.values`, `.labels`, `.names`.
    pub(super) fn enumeration_part(
        &mut self,
        class: ClassId,
        part: &str,
        at: &Expr,
    ) -> Option<Val> {
        if self.enumeration(class)? != Enumeration::Choices {
            return None;
        }
        let place = self.place(at.span);
        let members = self.enumeration_members(class)?;
        let of = |member: Member| match part {
            "values" => Some(member.value),
            "labels" => Some(member.label),
            "names" => Some(Val::str(member.name)),
            "choices" => Some(Val::Seq(vec![(member.value, place), (member.label, place)])),
            _ => None,
        };
        // `__empty__ = "(none)"` is a first choice without value.
        let empty = self
            .class_table(class)
            .and_then(|table| table.get("__empty__").cloned())
            .map(|label| Member {
                name: "__empty__".into(),
                value: Val::NONE,
                label: (*label).clone(),
            });
        let values: Option<Vec<(Val, Place)>> = empty
            .into_iter()
            .chain(members)
            .map(|member| Some((of(member)?, place)))
            .collect();
        Some(Val::Seq(values?))
    }

    /// Whether a class is an enumeration.
    pub(super) fn enumeration(&self, class: ClassId) -> Option<Enumeration> {
        self.program
            .mro(class)
            .entries
            .iter()
            .find_map(|base| match base {
                Base::External(name) => match &**name {
                    "django.db.models.TextChoices"
                    | "django.db.models.IntegerChoices"
                    | "django.db.models.Choices"
                    | "django.db.models.enums.TextChoices"
                    | "django.db.models.enums.IntegerChoices"
                    | "django.db.models.enums.Choices" => Some(Enumeration::Choices),
                    "enum.Enum" | "enum.StrEnum" | "enum.IntEnum" => Some(Enumeration::Plain),
                    _ => None,
                },
                Base::Project(_) => None,
            })
    }

    /// Values of the members of an enumeration, in order.
    pub(super) fn members(&mut self, class: ClassId) -> Option<Vec<Val>> {
        self.enumeration(class)?;
        let members = self.enumeration_members(class)?;
        Some(members.into_iter().map(|member| member.value).collect())
    }

    fn enumeration_members(&mut self, class: ClassId) -> Option<Vec<Member>> {
        let kind = self.enumeration(class)?;
        let table = self.class_table(class)?;
        self.spend(table.len());
        Some(
            table
                .iter()
                .filter(|(name, value)| {
                    !name.starts_with('_') && !matches!(***value, Val::Symbol(_))
                })
                .map(|(name, raw)| {
                    let label = match &**raw {
                        Val::Seq(items) if items.len() > 1 && kind == Enumeration::Choices => {
                            items.last().map(|(label, _)| label.clone())
                        }
                        _ => None,
                    };
                    Member {
                        name: Arc::clone(name),
                        value: kind.value_of((**raw).clone()),
                        label: label.unwrap_or_else(|| Val::str(title(name))),
                    }
                })
                .collect(),
        )
    }
}

/// Django's label of a member without one: `IN_PROGRESS` is "In Progress".
pub(super) fn title(name: &str) -> String {
    name.split('_')
        .map(|word| {
            let mut chars = word.chars();
            chars.next().map_or(String::new(), |first| {
                first.to_uppercase().collect::<String>() + &chars.as_str().to_lowercase()
            })
        })
        .collect::<Vec<_>>()
        .join(" ")
}
