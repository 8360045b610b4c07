//! Tables of numbers that stand beside each chart. Every number keeps its full value in the
//! markup, so what a person reads, what a program reads and the JSON are one.

use super::{details, escape};

/// A cell.
pub(in crate::report) enum Cell {
    /// Words.
    Text(String),
    /// The heading of a row.
    Head(String),
    /// A number and how it is shown.
    Number(f64, String),
}

/// A table behind a summary that opens it.
pub(in crate::report) fn table(summary: &str, head: &[&str], rows: &[Vec<Cell>]) -> String {
    details(&format!("Table: {summary}"), &scrolling("", summary, head, rows))
}

/// A table in sight that can be pointed at.
pub(in crate::report) fn open_table(
    id: &str,
    summary: &str,
    head: &[&str],
    rows: &[Vec<Cell>],
) -> String {
    scrolling(&format!(" id=\"{id}\""), summary, head, rows)
}

fn scrolling(id: &str, summary: &str, head: &[&str], rows: &[Vec<Cell>]) -> String {
    let mut body = String::from("<thead><tr>");
    for title in head {
        body += &format!("<th scope=\"col\">{}</th>", escape(title));
    }
    body += "</tr></thead>\n<tbody>\n";
    for row in rows {
        body += "<tr>";
        body.extend(row.iter().map(cell));
        body += "</tr>\n";
    }
    body += "</tbody>";
    // Wide tables scroll by themselves, with the keyboard too, so that the page never does.
    format!(
        "<section{id} class=\"scroll\" aria-label=\"{0}\" tabindex=\"0\">\n\
         <table>\n<caption>{0}</caption>\n{body}\n</table>\n</section>\n",
        escape(summary)
    )
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => format!("<td>{}</td>", escape(text)),
        Cell::Head(text) => format!("<th scope=\"row\">{}</th>", escape(text)),
        Cell::Number(value, shown) => {
            format!("<td class=\"number\"><data value=\"{value}\">{}</data></td>", escape(shown))
        }
    }
}
