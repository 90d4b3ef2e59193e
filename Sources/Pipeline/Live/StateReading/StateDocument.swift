internal import CloudTrail
package import Detection

/// What is known of one thing as JSON: `amiwatch.state/1` (`Schemas/state.schema.json`).
package enum StateDocument {
    /// One line, without a newline.
    package static func json(_ report: StateReport, asOf: AsOf) -> [UInt8] {
        var json = JSONWriter()
        write(report, asOf: asOf, to: &json)
        return json.bytes
    }

    /// Writes it as the next value; items that would make the whole longer than so many bytes are left out, and counted.
    static func write(
        _ report: StateReport,
        asOf: AsOf,
        to json: inout JSONWriter,
        maximumBytes: Int = .max
    ) {
        func time(_ time: EventTime) -> String? {
            time == .distantPast || time == .distantFuture ? nil : time.description
        }
        json.object { json in
            json.member("schema", "amiwatch.state/1")
            json.member("kind", report.kind.rawValue)
            json.member("id", report.id)
            json.member("from", time(asOf.start))
            json.member("to", time(asOf.end))
            json.key("groups")
            json.object { json in
                for group in report.groups {
                    json.key(text: group.name)
                    json.object { json in write(group, &json, maximumBytes) }
                }
            }
        }
    }

    private static func write(_ group: StateReport.Group, _ json: inout JSONWriter, _ maximumBytes: Int) {
        json.member("incomplete", group.incomplete)
        json.key("items")
        var written = 0
        json.array { json in
            for item in group.items where json.bytes.count < maximumBytes {
                json.object { json in write(item, &json) }
                written += 1
            }
        }
        if written < group.items.count { json.member("left_out", group.items.count - written) }
    }

    private static func write(_ item: StateReport.Item, _ json: inout JSONWriter) {
        json.member("name", item.name)
        json.member("value", item.value)
        json.member("unknown", item.unknown)
        json.member("since", item.since?.description)
        json.member("until", item.until?.description)
        json.key("event")
        guard let evidence = item.evidence else { return json.string(nil) }
        json.object { json in write(evidence, &json) }
    }

    /// The members of an object that tells of a record.
    static func write(_ evidence: Evidence, _ json: inout JSONWriter) {
        json.member("id", evidence.id.description)
        json.member("name", evidence.name)
        json.member("source", evidence.source)
        json.member("time", evidence.time.description)
        json.member("account_id", evidence.account.description)
        json.member("actor", evidence.actor.arn)
    }
}
