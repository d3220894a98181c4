//! Real clients against a real server: `@xapi/xapi` and `tincanjs` from npm, `tincan` from PyPI.
//!
//! `cargo xtask test` installs them; the scripts are in `tests/clients`.

use std::path::Path;
use std::process::Command;

use domain::access::KeyScope;
use store::Store;

use crate::harness::Server;

/// Runs a script with the address and a key of a server.
async fn run(store: Store, program: String, script: &'static str) {
    let server = Server::start(store).await;
    let (key, secret) = server.key_pair(&[KeyScope::All]).await;
    let endpoint = format!("http://{}/xapi", server.address);
    let output = tokio::task::spawn_blocking(move || {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
        Command::new(&program)
            .current_dir(folder)
            .arg(script)
            .env("ENDPOINT", endpoint)
            .env("KEY", key)
            .env("SECRET", secret)
            .output()
            .unwrap_or_else(|e| {
                panic!("{program} cannot be started ({e}); run `cargo xtask test`, which installs it")
            })
    })
    .await
    .unwrap();
    let told =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script} ended with {}:\n{told}", output.status);
    assert!(told.contains("done"), "{told}");
}

fn node() -> String {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/node_modules");
    assert!(
        packages.join("@xapi/xapi").exists() && packages.join("tincanjs").exists(),
        "the npm packages in crates/throughline/tests/clients are missing; run `cargo xtask test`, which installs them, \
         or `npm ci` there"
    );
    "node".to_owned()
}

fn python() -> String {
    std::env::var("THROUGHLINE_TEST_PYTHON").unwrap_or_else(|_| {
        panic!(
            "this test needs Python with the packages of crates/xtask/requirements.txt: run `cargo xtask test`, \
             or set THROUGHLINE_TEST_PYTHON to such an interpreter"
        )
    })
}

testkit::both_databases! {
    async fn xapi_from_npm(store: Store) {
        run(store, node(), "xapi.mjs").await;
    }

    async fn tincanjs_from_npm(store: Store) {
        run(store, node(), "tincan.mjs").await;
    }

    async fn tincan_from_pypi(store: Store) {
        run(store, python(), "tincan_client.py").await;
    }
}
