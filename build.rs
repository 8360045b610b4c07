//! The question banks are embedded in the program; a changed bank means a new build.

fn main() {
    println!("cargo::rerun-if-changed=question-banks");
}
