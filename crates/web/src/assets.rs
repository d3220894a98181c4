//! The stylesheet, the script and the icons, embedded in the binary.
//!
//! Each file is served under a name that holds a hash of its content (`/assets/app.0f3c….css`), so browsers may
//! keep it for ever: another content has another name. `build.rs` writes the table.

/// One embedded file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// Its plain name, as templates ask for it: `app.css`.
    pub name: &'static str,
    /// Its name with the hash, as it stands after [`PREFIX`].
    pub path: &'static str,
    /// For the `ETag` header, with its quotes.
    pub etag: &'static str,
    /// For the `Content-Type` header.
    pub content_type: &'static str,
    /// The file itself.
    pub bytes: &'static [u8],
}

/// Where the files are served from.
pub const PREFIX: &str = "/assets/";
/// For the `Cache-Control` header of every asset: a year, and never asked for again.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

static TABLE: &[Asset] = &include!(concat!(env!("OUT_DIR"), "/assets_table.rs"));

/// The file for what follows [`PREFIX`] in a request; `None` for a name that is not, or no longer, there.
pub fn get(path: &str) -> Option<Asset> {
    TABLE.iter().copied().find(|asset| asset.path == path)
}

/// Every embedded file.
pub fn all() -> &'static [Asset] {
    TABLE
}

/// The address of a file by its plain name: `/assets/app.0f3c….css`. An unknown name is kept as it is, so that the
/// browser's own 404 shows it.
pub fn url(name: &str) -> String {
    let path = TABLE.iter().find(|asset| asset.name == name).map_or(name, |asset| asset.path);
    format!("{PREFIX}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_is_found_under_its_address() {
        assert_eq!(all().len(), 6);
        for asset in all() {
            let url = url(asset.name);
            assert_eq!(url.strip_prefix(PREFIX).and_then(get), Some(*asset), "{url}");
        }
    }

    #[test]
    fn plain_names_and_others_are_not_served() {
        for path in ["app.css", "../Cargo.toml", "", "app.0000000000000000.css"] {
            assert_eq!(get(path), None, "{path}");
        }
    }
}
