//! The schema of all that is printed as JSON, made from the types that are printed: `docs/schema/ramkey.schema.json`.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::cli::events::{Ending, ErrorObject, Failure, Told};
use crate::cli::{boot, demo, doctor, explain};
use crate::job::{
    AddReport, Addition, Changed, CheckReport, CopyReport, Extracted, Inspected, Listing, MapReport,
    ReflashReport, RemoveReport, RepairReport, RestoreReport, Shrunk, UpdateReport, WindowsReport,
};
use crate::report::{Receipt, Report, StickReport};
use crate::verify::StickVerdict;

/// The schema, in draft 2020-12. `$defs` has one for what each command prints, by the name of the command; `receipt`, `event` of
/// `--json=events`, `error`, and `list-watch` of a line of `list --watch`.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut all = All { made: settings.into_generator(), named: Vec::new() };
    let (stick, copy) = (all.of::<StickReport>(), all.of::<CopyReport>());
    let (report, receipts) = (all.of::<Report>(), all.of::<Vec<Receipt>>());
    let plans = all.of::<Vec<StickReport>>();
    all.name("write", vec![report.clone(), copy.clone(), receipts, stick.clone(), plans]);
    all.name("plan", vec![stick.clone(), copy]);
    all.name("disc", vec![report, stick]);
    all.one::<ReflashReport>("reflash");
    all.one::<AddReport>("add");
    all.one::<RemoveReport>("remove");
    let verdict = vec![all.of::<StickVerdict>(), all.of::<RepairReport>()];
    all.name("verify", verdict);
    all.one::<CheckReport>("check");
    all.one::<Extracted>("extract");
    all.one::<UpdateReport>("update");
    all.one::<RestoreReport>("restore");
    all.one::<Inspected>("inspect");
    all.one::<MapReport>("map");
    all.one::<Shrunk>("shrink");
    all.one::<WindowsReport>("windows");
    all.one::<Listing>("list");
    all.one::<Changed>("list-watch");
    let explained =
        vec![all.of::<explain::Explanation>(), all.of::<explain::Listing>(), all.of::<explain::Report>()];
    all.name("explain", explained);
    all.one::<doctor::View>("doctor");
    all.one::<Addition>("phram");
    all.one::<boot::Outcome>("boot");
    all.one::<demo::Outcome>("demo");
    all.one::<Receipt>("receipt");
    let events = vec![all.of::<Told>(), all.of::<Ending<Value>>(), all.of::<Failure>()];
    all.name("event", events);
    all.one::<ErrorObject>("error");
    all.finish()
}

/// What was made so far.
struct All {
    made: SchemaGenerator,
    named: Vec<(&'static str, Value)>,
}

impl All {
    /// The schema of a type; others are referred to.
    fn of<T: JsonSchema>(&mut self) -> Value {
        self.made.subschema_for::<T>().to_value()
    }

    fn one<T: JsonSchema>(&mut self, name: &'static str) {
        let schema = self.of::<T>();
        self.name(name, vec![schema]);
    }

    /// Gives what is one of these a name.
    fn name(&mut self, name: &'static str, mut schemas: Vec<Value>) {
        let schema = if schemas.len() == 1 { schemas.remove(0) } else { json!({ "anyOf": schemas }) };
        self.named.push((name, schema));
    }

    fn finish(mut self) -> Value {
        let any: Vec<Value> =
            self.named.iter().map(|(name, _)| json!({ "$ref": format!("#/$defs/{name}") })).collect();
        let mut all: Map<String, Value> = self.made.take_definitions(true).into_iter().collect();
        all.extend(self.named.into_iter().map(|(name, schema)| (name.to_owned(), schema)));
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "What ramkey prints as JSON",
            "description": "Made from the program. Later versions may add fields to objects; those that are here stay.",
            "anyOf": any,
            "$defs": all,
        })
    }
}
