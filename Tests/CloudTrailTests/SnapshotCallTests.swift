import CloudTrail
import CloudTrailTestSupport
import Testing

/// Who may make volumes of a snapshot, and what becomes of it.
@Suite
struct SnapshotCallTests: CallReading {
    private static let snapshot = "snap-0abcdef1234567890"

    private static func fields(_ others: KeyValuePairs<ExactText, Fields.Value> = [:]) -> Call {
        var all = Fields()
        all["snapshot"] = .text("\(snapshot)")
        for (name, value) in others { all[name] = value }
        return .other(all)
    }

    private static func shared(_ permission: String, attribute: String = "CREATE_VOLUME_PERMISSION") -> Call?
    {
        call(
            "ModifySnapshotAttribute",
            "{\"snapshotId\":\"\(snapshot)\",\(permission),\"attributeType\":\"\(attribute)\"}"
        )
    }

    @Test
    func shares() {
        #expect(
            Self.shared(
                #""createVolumePermission":{"add":{"items":[{"userId":"012345678901"},{"group":"all"}]}}"#
            ) == Self.fields(["added": .texts(["012345678901", "all"]), "removed": .texts([])])
        )
        #expect(
            Self.shared(
                #""createVolumePermission":{"add":{"items":[{"group":"all"},{"x":1}]},"remove":{"items":[{"y":2}]}}"#,
                attribute: "createVolumePermission"
            )
                == Self.fields([
                    "added": .texts(["all"]), "removed": .texts([]),
                    "unread": .text(#"a grantee of an unknown shape: {"x":1}"#),
                    "unread removal": .text(#"a grantee of an unknown shape: {"y":2}"#),
                ])
        )
        #expect(
            Self.shared(#""operationType":"remove","userGroup":"all""#)
                == Self.fields(["added": .texts([]), "removed": .texts(["all"])])
        )
        #expect(Self.shared(#""productCodes":{"items":[]}"#, attribute: "PRODUCT_CODES") == .nothing)
        for broken in [#""x":1"#, #""createVolumePermission":{"add":{"items":[{"group":"none"}]}}"#] {
            #expect(Self.isUnreadable(Self.shared(broken)), "\(broken)")
        }
    }

    @Test(arguments: ["ResetSnapshotAttribute", "DeleteSnapshot", "RestoreSnapshotFromRecycleBin"])
    func whatBecomesOfIt(_ name: String) {
        #expect(Self.call(name, "{\"snapshotId\":\"\(Self.snapshot)\"}") == Self.fields())
        #expect(Self.wrapped(name, "{\"SnapshotId\":\"\(Self.snapshot)\"}") == Self.fields())
        #expect(Self.isUnreadable(Self.call(name, "{}")))
    }

    /// The record of the owner has no parameters.
    @Test(arguments: ["SharedSnapshotCopyInitiated", "SharedSnapshotVolumeCreated"])
    func uses(_ name: String) {
        func told(_ details: String) -> Call? {
            let record = Samples.record(name).dropLast() + ",\"serviceEventDetails\":\(details)}"
            return RecordReader().gather(message: String(record)).records.first?.call
        }
        #expect(told("{\"snapshotId\":\"\(Self.snapshot)\"}") == Self.fields())
        #expect(Self.isUnreadable(told("null")))
    }

    /// A grantee's text stands for it.
    @Test
    func grantees() {
        let account = AccountID("012345678901").map { [Grantee.account($0)] } ?? []
        let organization = "arn:aws:organizations::111111111111:organization/o-exampleorgid"
        let unit = "arn:aws:organizations::111111111111:ou/o-exampleorgid/ou-ab12-cdef3456"
        for grantee in account + [.everyone, .organization(organization), .organizationalUnit(unit)] {
            #expect(Grantee(grantee.description) == grantee)
        }
    }
}
