//! tree-sitter-python's node kinds and fields as enums, looked up by id.
//!
//! The names are those of the grammar (tree-sitter-python 0.25); ids are resolved once per process.

use std::sync::LazyLock;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A named node of the grammar; `Token` is any anonymous one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum K { $($(#[$doc])* $variant,)* Error, Token, Other }
        const NAMED: &[(&str, K)] = &[$(($name, K::$variant),)*];
    };
}

kinds! {
    AliasedImport = "aliased_import",
    ArgumentList = "argument_list",
    AsPattern = "as_pattern",
    AsPatternTarget = "as_pattern_target",
    AssertStatement = "assert_statement",
    Assignment = "assignment",
    Attribute = "attribute",
    AugmentedAssignment = "augmented_assignment",
    Await = "await",
    BinaryOperator = "binary_operator",
    Block = "block",
    BooleanOperator = "boolean_operator",
    BreakStatement = "break_statement",
    Call = "call",
    CaseClause = "case_clause",
    CasePattern = "case_pattern",
    Chevron = "chevron",
    ClassDefinition = "class_definition",
    Comment = "comment",
    ComparisonOperator = "comparison_operator",
    ConcatenatedString = "concatenated_string",
    ConditionalExpression = "conditional_expression",
    ConstrainedType = "constrained_type",
    ContinueStatement = "continue_statement",
    DecoratedDefinition = "decorated_definition",
    Decorator = "decorator",
    DefaultParameter = "default_parameter",
    DeleteStatement = "delete_statement",
    Dictionary = "dictionary",
    DictionaryComprehension = "dictionary_comprehension",
    DictionarySplat = "dictionary_splat",
    DictionarySplatPattern = "dictionary_splat_pattern",
    DottedName = "dotted_name",
    ElifClause = "elif_clause",
    Ellipsis = "ellipsis",
    ElseClause = "else_clause",
    EscapeInterpolation = "escape_interpolation",
    EscapeSequence = "escape_sequence",
    ExceptClause = "except_clause",
    ExecStatement = "exec_statement",
    ExpressionList = "expression_list",
    ExpressionStatement = "expression_statement",
    False = "false",
    FinallyClause = "finally_clause",
    Float = "float",
    ForInClause = "for_in_clause",
    ForStatement = "for_statement",
    FormatExpression = "format_expression",
    FormatSpecifier = "format_specifier",
    FunctionDefinition = "function_definition",
    FutureImportStatement = "future_import_statement",
    GeneratorExpression = "generator_expression",
    GenericType = "generic_type",
    GlobalStatement = "global_statement",
    Identifier = "identifier",
    IfClause = "if_clause",
    IfStatement = "if_statement",
    ImportFromStatement = "import_from_statement",
    ImportPrefix = "import_prefix",
    ImportStatement = "import_statement",
    Integer = "integer",
    Interpolation = "interpolation",
    KeywordArgument = "keyword_argument",
    KeywordSeparator = "keyword_separator",
    Lambda = "lambda",
    LambdaParameters = "lambda_parameters",
    List = "list",
    ListComprehension = "list_comprehension",
    ListPattern = "list_pattern",
    ListSplat = "list_splat",
    ListSplatPattern = "list_splat_pattern",
    MatchStatement = "match_statement",
    MemberType = "member_type",
    Module = "module",
    NamedExpression = "named_expression",
    None = "none",
    NonlocalStatement = "nonlocal_statement",
    NotOperator = "not_operator",
    Pair = "pair",
    Parameters = "parameters",
    ParenthesizedExpression = "parenthesized_expression",
    PassStatement = "pass_statement",
    PatternList = "pattern_list",
    PositionalSeparator = "positional_separator",
    PrintStatement = "print_statement",
    RaiseStatement = "raise_statement",
    RelativeImport = "relative_import",
    ReturnStatement = "return_statement",
    Set = "set",
    SetComprehension = "set_comprehension",
    Slice = "slice",
    SplatType = "splat_type",
    String = "string",
    StringContent = "string_content",
    StringEnd = "string_end",
    StringStart = "string_start",
    Subscript = "subscript",
    True = "true",
    TryStatement = "try_statement",
    Tuple = "tuple",
    TuplePattern = "tuple_pattern",
    Type = "type",
    TypeAliasStatement = "type_alias_statement",
    TypeConversion = "type_conversion",
    TypeParameter = "type_parameter",
    TypedDefaultParameter = "typed_default_parameter",
    TypedParameter = "typed_parameter",
    UnaryOperator = "unary_operator",
    UnionPattern = "union_pattern",
    UnionType = "union_type",
    WhileStatement = "while_statement",
    WildcardImport = "wildcard_import",
    WithClause = "with_clause",
    WithItem = "with_item",
    WithStatement = "with_statement",
    Yield = "yield",
}

macro_rules! fields {
    ($($variant:ident = $name:literal,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum F { $($variant,)* Other }
        const FIELDS: &[(&str, F)] = &[$(($name, F::$variant),)*];
    };
}

fields! {
    Alias = "alias",
    Alternative = "alternative",
    Argument = "argument",
    Arguments = "arguments",
    Attribute = "attribute",
    Body = "body",
    Cause = "cause",
    Code = "code",
    Condition = "condition",
    Consequence = "consequence",
    Definition = "definition",
    Expression = "expression",
    Function = "function",
    Guard = "guard",
    Key = "key",
    Left = "left",
    ModuleName = "module_name",
    Name = "name",
    Object = "object",
    Operator = "operator",
    Operators = "operators",
    Parameters = "parameters",
    ReturnType = "return_type",
    Right = "right",
    Subject = "subject",
    Subscript = "subscript",
    Superclasses = "superclasses",
    Type = "type",
    TypeParameters = "type_parameters",
    Value = "value",
}

struct Tables {
    kinds: Vec<K>,
    fields: Vec<F>,
}

static LANGUAGE: LazyLock<tree_sitter::Language> =
    LazyLock::new(|| tree_sitter_python::LANGUAGE.into());

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let language = &*LANGUAGE;
    let kinds = (0..language.node_kind_count())
        .map(|id| {
            let id = id as u16;
            if !language.node_kind_is_named(id) {
                return K::Token;
            }
            let name = language.node_kind_for_id(id).unwrap_or_default();
            NAMED
                .iter()
                .find(|(known, _)| *known == name)
                .map_or(K::Other, |(_, kind)| *kind)
        })
        .collect();
    // Field ids begin at 1.
    let fields = (0..=language.field_count())
        .map(|id| {
            let name = language.field_name_for_id(id as u16).unwrap_or_default();
            FIELDS
                .iter()
                .find(|(known, _)| *known == name)
                .map_or(F::Other, |(_, field)| *field)
        })
        .collect();
    Tables { kinds, fields }
});

/// The kind of a node.
pub(super) fn kind(node: &tree_sitter::Node<'_>) -> K {
    if node.is_error() {
        return K::Error;
    }
    TABLES
        .kinds
        .get(usize::from(node.kind_id()))
        .copied()
        .unwrap_or(K::Other)
}

/// The kind of a node as the grammar writes it; for a token that is its text: `+`, `not in`.
pub(super) fn name(node: &tree_sitter::Node<'_>) -> &'static str {
    LANGUAGE.node_kind_for_id(node.kind_id()).unwrap_or("")
}

/// The field under which the cursor's node stands.
pub(super) fn field(cursor: &tree_sitter::TreeCursor<'_>) -> F {
    cursor
        .field_id()
        .and_then(|id| TABLES.fields.get(usize::from(id.get())).copied())
        .unwrap_or(F::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_has_every_kind_and_field_that_we_name() {
        for (name, kind) in NAMED {
            assert!(TABLES.kinds.contains(kind), "{name}");
        }
        for (name, field) in FIELDS {
            assert!(TABLES.fields.contains(field), "{name}");
        }
    }
}
