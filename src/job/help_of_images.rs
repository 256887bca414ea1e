//! What a person can do about an image that cannot come to a stick or leave it.

use crate::job::JobError;
use crate::units::shell_word;

impl JobError {
    /// What a person can do where an image cannot come to a stick or leave it.
    pub(super) fn help_of_images(&self) -> String {
        match self {
            Self::MenuFull { .. } => "make room with `ramkey remove TITLE --from STICK`".into(),
            Self::TitleTaken { .. } => {
                "name another --title, or replace that image with `ramkey reflash --replace TITLE`".into()
            }
            Self::LastImage { .. } => {
                "replace it with `ramkey reflash`, or add another one before with `ramkey add`".into()
            }
            Self::Needed { by, .. } => format!("remove \"{by}\": what stands beside it alone goes with it"),
            Self::OtherBootCode { path } => {
                format!("run `ramkey update {}` first, or say what it is with `--kind`", shell_word(path))
            }
            _ => String::new(),
        }
    }
}
