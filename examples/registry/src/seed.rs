//! The first rows of a registry: the tools of the reference servers of the Model Context Protocol, by their public names.
//!
//! Names of servers, tools and arguments are theirs. People, teams, addresses, secrets and descriptions are made up here.

use std::collections::BTreeSet;

use larder::invalidates;

use crate::changes::{create, create_all};
use crate::entities::{Agent, Gateway, Prompt, Resource, Server, Tool};
use crate::error::Error;
use crate::item::{New, Visibility};
use crate::members::join;
use crate::secret::Secret;
use crate::viewer::Viewer;

/// A reference server: its name, what it is for, and its tools with their arguments.
type Reference = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const REFERENCES: [Reference; 6] = [
    ("everything", "shows all that the protocol can do", &[("echo", "message"), ("printEnv", "")]),
    ("fetch", "reads pages of the web", &[("fetch", "url max_length start_index raw")]),
    (
        "filesystem",
        "reads and writes files below a folder",
        &[
            ("create_directory", "path"),
            ("directory_tree", "path"),
            ("edit_file", "path edits dryRun"),
            ("get_file_info", "path"),
            ("list_allowed_directories", ""),
            ("list_directory", "path"),
            ("move_file", "source destination"),
            ("read_multiple_files", "paths"),
            ("read_text_file", "path head tail"),
            ("search_files", "path pattern excludePatterns"),
            ("write_file", "path content"),
        ],
    ),
    (
        "git",
        "looks into a repository and commits to it",
        &[
            ("git_add", "repo_path files"),
            ("git_checkout", "repo_path branch_name"),
            ("git_commit", "repo_path message"),
            ("git_create_branch", "repo_path branch_name base_branch"),
            ("git_diff", "repo_path target"),
            ("git_diff_staged", "repo_path"),
            ("git_diff_unstaged", "repo_path"),
            ("git_log", "repo_path max_count"),
            ("git_reset", "repo_path"),
            ("git_show", "repo_path revision"),
            ("git_status", "repo_path"),
        ],
    ),
    (
        "memory",
        "keeps what was learnt as a graph",
        &[
            ("add_observations", "observations"),
            ("create_entities", "entities"),
            ("create_relations", "relations"),
            ("delete_entities", "entityNames"),
            ("delete_observations", "deletions"),
            ("delete_relations", "relations"),
            ("open_nodes", "names"),
            ("read_graph", ""),
            ("search_nodes", "query"),
        ],
    ),
    (
        "time",
        "knows clocks and time zones",
        &[("convert_time", "source_timezone time target_timezone"), ("get_current_time", "timezone")],
    ),
];

/// Fills an empty registry: three people in two teams, and rows of all six entities. `git` and `memory` are for one team each.
///
/// # Errors
///
/// Where rows of these names are there already.
pub async fn fill(admin: &Viewer) -> Result<(), Error> {
    for (person, team) in [("ada", "analysts"), ("grace", "compilers"), ("joan", "analysts"), ("joan", "compilers")] {
        join(admin, person, team).await?;
    }
    for (name, purpose, tools) in REFERENCES {
        let team = match name {
            "git" => Some("compilers"),
            "memory" => Some("analysts"),
            _ => None,
        };
        let mut gateway = new(name, purpose, team, Gateway { url: format!("https://{name}.example/mcp") });
        gateway.auth = Some(Secret::new(format!("Bearer made-up-for-{name}")));
        let gateway = create(admin, &gateway).await?.id;

        let tools: Vec<_> = tools
            .iter()
            .map(|(tool, arguments)| {
                let arguments = arguments.split_whitespace().map(str::to_owned).collect();
                by(gateway, new(tool, purpose, team, Tool { arguments }))
            })
            .collect();
        let parts = create_all(admin, &tools).await?.into_iter().map(|tool| tool.id);
        let mut server = new(name, purpose, team, Server { icon: None });
        server.parts = parts.collect();
        create(admin, &server).await?;

        let uri = format!("https://{name}.example/readme");
        let readme =
            new(&format!("{name} readme"), purpose, team, Resource { uri, mime: Some("text/markdown".into()) });
        create(admin, &by(gateway, readme)).await?;
        let template = format!("Say what {name} could do for {{task}}.");
        create(admin, &by(gateway, new(&format!("ask {name}"), purpose, team, Prompt { template }))).await?;
    }
    let url = "https://librarian.example/a2a".to_owned();
    create(admin, &new("librarian", "finds the tool for a task", None, Agent { url })).await?;
    let url = "https://reviewer.example/a2a".to_owned();
    create(admin, &new("reviewer", "reads what others commit", Some("compilers"), Agent { url })).await?;
    Ok(())
}

/// Adds so many tools of no meaning, each with two tags and a gateway, for measurements of a large registry.
///
/// # Errors
///
/// `Forbidden` for all but administrators, and failures of the database.
#[invalidates("tools")]
pub async fn grow(admin: &Viewer, rows: u32) -> Result<(), Error> {
    admin.administrates()?;
    let mut db = admin.db().write().await?;
    let grown = sqlx::query(
        "INSERT INTO items (kind, name, description, owner, team, visibility, gateway, spec)
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2),
              gateways AS (SELECT id, row_number() OVER (ORDER BY id) AS place FROM items WHERE kind = 'gateways')
         SELECT 'tools', 'tool ' || i, 'grown', ?1,
                CASE i % 3 WHEN 0 THEN 'analysts' WHEN 1 THEN 'compilers' END,
                CASE i % 3 WHEN 2 THEN 'public' ELSE 'team' END,
                gateways.id, '{\"arguments\":[]}'
         FROM n LEFT JOIN gateways ON place = 1 + i % 6",
    );
    grown.bind(admin.signed()?).bind(rows).execute(&mut *db).await?;
    sqlx::query("INSERT INTO tags SELECT id, 'common-' || (id % 10) FROM items WHERE description = 'grown'")
        .execute(&mut *db)
        .await?;
    sqlx::query("INSERT INTO tags SELECT id, 'rare-' || (id % 500) FROM items WHERE description = 'grown'")
        .execute(&mut *db)
        .await?;
    Ok(db.commit().await?)
}

/// Its tags are the words of its name.
fn new<E>(name: &str, purpose: &str, team: Option<&str>, spec: E) -> New<E> {
    let tags: BTreeSet<_> = name.split(['_', ' ']).map(str::to_owned).collect();
    let visibility = if team.is_some() { Visibility::Team } else { Visibility::Public };
    New {
        name: name.to_owned(),
        description: Some(purpose.to_owned()),
        tags,
        team: team.map(str::to_owned),
        visibility,
        gateway: None,
        parts: BTreeSet::new(),
        auth: None,
        spec,
    }
}

fn by<E>(gateway: i64, new: New<E>) -> New<E> {
    New { gateway: Some(gateway), ..new }
}
