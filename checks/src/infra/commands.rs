//! Shell text taken apart into commands, well enough to see what is run. Nothing is executed.

/// One simple command of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Words after removal of quotes; leading `NAME=value` assignments are in `env`.
    pub words: Vec<String>,
    pub env: Vec<(String, String)>,
    /// Line within the text, from 1.
    pub line: u32,
    /// A failure does not count: followed by `|| true`, `|| :`, `; exit 0`.
    pub neutered: bool,
}

impl Command {
    /// The program, without a path and without wrappers (`sudo`, `poetry run`, `uv run`, `python -m`,
    /// `docker compose exec web` …).
    pub fn program(&self) -> &str {
        self.unwrapped().first().map_or("", |word| base_name(word))
    }

    /// The words from [`Self::program`] on.
    pub fn unwrapped(&self) -> &[String] {
        let mut words = self.words.as_slice();
        // Bounded: each round drops at least one word.
        loop {
            let second = words.get(1).map_or("", String::as_str);
            let skip = match words.first().map(|word| base_name(word)) {
                Some("sudo" | "time" | "exec" | "nohup" | "env" | "command") => 1,
                Some("poetry" | "uv" | "pipenv" | "pdm" | "hatch" | "rye") if second == "run" => 2,
                Some("python" | "python3" | "py") if second == "-m" => 2,
                Some("coverage") if second == "run" && words.get(2).is_some_and(|w| w == "-m") => 3,
                Some("docker-compose") if matches!(second, "exec" | "run") => {
                    compose_prefix(words, 2)
                }
                Some("docker")
                    if second == "compose"
                        && words.get(2).is_some_and(|w| w == "exec" || w == "run") =>
                {
                    compose_prefix(words, 3)
                }
                _ => 0,
            };
            if skip == 0 || skip >= words.len() {
                return words;
            }
            words = words.get(skip..).unwrap_or_default();
        }
    }

    /// Whether it runs a test suite: pytest, `manage.py test`, tox, nox, `coverage run`.
    pub fn runs_tests(&self) -> bool {
        let words = self.unwrapped();
        let has = |wanted: &str| words.iter().any(|word| word == wanted);
        match self.program() {
            "pytest" | "py.test" | "tox" | "nox" | "unittest" => true,
            "coverage" => has("run"),
            "manage.py" | "django-admin" => has("test"),
            "python" | "python3" | "py" => {
                has("test") && words.iter().any(|w| w.ends_with("manage.py")) || has("pytest")
            }
            _ => false,
        }
    }

    /// The management command it runs (`migrate`), if it is `manage.py …` or `django-admin …`.
    pub fn management_command(&self) -> Option<&str> {
        let words = self.unwrapped();
        let at = words
            .iter()
            .position(|w| w.ends_with("manage.py") || base_name(w) == "django-admin")?;
        words
            .iter()
            .skip(at + 1)
            .find(|word| !word.starts_with('-'))
            .map(String::as_str)
    }
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Words before the command that `docker compose exec|run` hands to a service.
fn compose_prefix(words: &[String], from: usize) -> usize {
    let options = words
        .iter()
        .skip(from)
        .take_while(|w| w.starts_with('-'))
        .count();
    from + options + 1
}

/// Takes a script apart. Control words (`if`, `then`, `do` …) are dropped; what is inside counts.
pub fn commands(script: &str) -> Vec<Command> {
    let mut found = Vec::new();
    let mut words = Vec::new();
    let mut word = String::new();
    let mut in_word = false;
    let mut line = 1;
    let mut start = 1;
    let mut chars = script.chars().peekable();
    let mut previous_or = false;
    let push = |words: &mut Vec<String>, found: &mut Vec<Command>, line: u32, after_or: bool| {
        let command = simple(std::mem::take(words), line);
        let Some(command) = command else { return };
        let gives_up = matches!(
            (
                command.words.first().map(String::as_str),
                command.words.get(1).map(String::as_str)
            ),
            (Some("true" | ":"), _) | (Some("exit"), Some("0"))
        );
        if gives_up && (after_or || command.words.first().is_some_and(|w| w == "exit")) {
            if let Some(last) = found.last_mut() {
                last.neutered = true;
            }
            return;
        }
        found.push(command);
    };
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('\n') => line += 1,
                Some(other) => {
                    in_word = true;
                    word.push(other);
                }
                None => {}
            },
            '\'' | '"' => {
                in_word = true;
                while let Some(inner) = chars.next() {
                    if inner == c {
                        break;
                    }
                    if inner == '\n' {
                        line += 1;
                    }
                    if inner == '\\' && c == '"' {
                        word.extend(chars.next());
                    } else {
                        word.push(inner);
                    }
                }
            }
            '#' if !in_word => {
                while chars.peek().is_some_and(|&next| next != '\n') {
                    chars.next();
                }
            }
            ' ' | '\t' | '\r' => {
                if in_word {
                    words.push(std::mem::take(&mut word));
                    in_word = false;
                }
            }
            '\n' | ';' | '|' | '&' => {
                if in_word {
                    words.push(std::mem::take(&mut word));
                    in_word = false;
                }
                push(&mut words, &mut found, start, previous_or);
                previous_or = false;
                if (c == '|' || c == '&') && chars.peek() == Some(&c) {
                    chars.next();
                    previous_or = c == '|';
                }
                if c == '\n' {
                    line += 1;
                }
            }
            other => {
                if words.is_empty() && !in_word {
                    start = line;
                }
                in_word = true;
                word.push(other);
            }
        }
    }
    if in_word {
        words.push(word);
    }
    push(&mut words, &mut found, start, previous_or);
    found
}

fn simple(mut words: Vec<String>, line: u32) -> Option<Command> {
    while words.first().is_some_and(|word| {
        matches!(
            word.as_str(),
            "if" | "then"
                | "else"
                | "elif"
                | "fi"
                | "do"
                | "done"
                | "while"
                | "until"
                | "for"
                | "{"
                | "}"
                | "("
                | ")"
                | "!"
                | "$"
                | ">"
                | "-"
        )
    }) {
        words.remove(0);
    }
    let assignments = words
        .iter()
        .take_while(|word| {
            word.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            })
        })
        .count();
    let rest = words.split_off(assignments);
    if rest.is_empty() {
        return None;
    }
    let env = words
        .into_iter()
        .filter_map(|word| {
            word.split_once('=')
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
        })
        .collect();
    Some(Command {
        words: rest,
        env,
        line,
        neutered: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_run() {
        let script = "set -e\npip install -r requirements.txt && python manage.py migrate\n\
            DEBUG=1 poetry run pytest -q || true\ndocker compose exec -T web python manage.py test # all\n";
        let found = commands(script);
        let programs: Vec<_> = found.iter().map(Command::program).collect();
        assert_eq!(programs, ["set", "pip", "python", "pytest", "python"]);
        assert_eq!(found[2].management_command(), Some("migrate"));
        assert!(found[3].runs_tests() && found[3].neutered);
        assert_eq!(found[3].env, [("DEBUG".to_owned(), "1".to_owned())]);
        assert!(found[4].runs_tests() && !found[4].neutered);
        assert_eq!(found[4].line, 4);
    }

    #[test]
    fn quotes_and_continuations_hold_together() {
        let found = commands("bash -c \"a; b\" \\\n  'c | d'\n");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].words, ["bash", "-c", "a; b", "c | d"]);
    }
}
