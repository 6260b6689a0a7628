//! `neurocards man`: one page with all commands, made from their definitions.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Result;
use clap::CommandFactory as _;
use clap_mangen::Man;

use super::args::Args;
use super::screen;

const EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
.TP
0
done
.TP
1
failed; `doctor`: a check failed
.TP
2
wrong usage or configuration
.TP
3
another instance runs on this data folder
";

/// The page's source: `neurocards man | man -l -` shows it.
pub(super) fn run() -> Result<ExitCode> {
    screen::print(&page()?)
}

fn page() -> Result<String> {
    let mut program = Args::command();
    program.build();
    let man = Man::new(program.clone());
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    writeln!(page, ".SH COMMANDS")?;
    for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
        section(command.clone(), "neurocards", &mut page)?;
    }
    page.extend(EXIT_STATUS.bytes());
    man.render_version_section(&mut page)?;
    Ok(String::from_utf8(page)?)
}

/// A command's heading, what it does, its options, and its own commands.
fn section(command: clap::Command, above: &str, page: &mut Vec<u8>) -> Result<()> {
    let full = format!("{above} {}", command.get_name());
    let below: Vec<_> = command.get_subcommands().cloned().collect();
    // Those of every command stand at the top of the page.
    let general = |id: &clap::Id| matches!(id.as_str(), "config" | "data_dir" | "help");
    let hidden: Vec<_> = command.get_arguments().map(|arg| arg.get_id().clone()).collect();
    let command = hidden
        .into_iter()
        .filter(general)
        .fold(command, |command, id| command.mut_arg(id, |arg| arg.hide(true)));
    let man = Man::new(command);
    writeln!(page, ".SS \"{full}\"")?;
    let mut parts = Vec::new();
    man.render_description_section(&mut parts)?;
    man.render_options_section(&mut parts)?;
    for line in String::from_utf8(parts)?.lines().filter(|line| !line.starts_with(".SH")) {
        writeln!(page, "{line}")?;
    }
    for command in below.into_iter().filter(|command| command.get_name() != "help") {
        section(command, &full, page)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(command: &clap::Command, above: &str, all: &mut Vec<String>) {
        for one in command.get_subcommands().filter(|one| one.get_name() != "help") {
            let full = format!("{above} {}", one.get_name());
            names(one, &full, all);
            all.push(full);
        }
    }

    #[test]
    fn the_page_has_every_command_with_its_options() {
        let page = page().unwrap();
        let mut all = Vec::new();
        names(&Args::command(), "neurocards", &mut all);
        for name in &all {
            assert!(page.contains(&format!(".SS \"{name}\"\n")), "no {name}");
        }
        for word in ["\\-\\-offline", "\\-\\-limit", "\\-\\-photo", "\\-\\-data\\-dir", ".TH"] {
            assert!(page.contains(word), "no {word}");
        }
    }
}
