import CloudTrail
import Configuration
import Detection
import Foundation
import TestSupport
import Testing

/// What the engine gets from a policy.
struct PolicyValueTests {
    private func policy(_ name: String) throws -> Policy {
        try PolicyReader.read(path: Expectation("policies", name).folder.appending(path: "policy.yaml").path)
            .policy
    }

    @Test("Every key of the design's example arrives")
    func example() throws {
        let policy = try policy("design")
        #expect(policy.organization.id == "o-exampleorgid")
        #expect(policy.organization.accounts.map(\.description) == ["111122223333"])
        #expect(policy.trust.accounts.map(\.description) == ["444455556666"])
        #expect(policy.trust.organizations == ["o-partnerorg"])
        #expect(policy.trust.organizationalUnits == ["ou-ab12-cdef3456"])
        #expect(policy.knownVendors.map(\.description) == ["679593333241"])
        let approved = try #require(policy.images.approved)
        #expect(approved.count == 3)
        #expect(approved[0].ids == ["ami-0abcd1234abcd1234"])
        #expect(approved[0].owners == nil)
        #expect(approved[1].owners == ["137112412989", "amazon"])
        #expect(approved[1].names == [Pattern("al2023-ami-*")])
        #expect(approved[2].tags == ["Role": "golden"])
        #expect(policy.images.denied == ["ami-0bad00000000bad00"])
        #expect(policy.images.maximumAgeDays == 180)
        #expect(policy.publishers == [Pattern("arn:aws:iam::111122223333:role/image-*")])
        #expect(policy.requiredTags.map(\.key) == ["CostCenter", "Stage"])
        #expect(policy.requiredTags.map(\.graceMinutes) == [15, 0])
        #expect(policy.requiredTags.map(\.resource) == [.image, .snapshot])
        #expect(policy.productionAccounts == policy.organization.accounts)
        #expect(policy.exemptServices == ["backup.amazonaws.com"])
        #expect(policy.baseline.allowedImagesState == .enabled)
        #expect(policy.baseline.blockPublicAccess == .blockNewSharing)
        #expect(policy.baseline.imageCriteria?.count == 2)
        #expect(policy.thresholds == Policy.Thresholds())
        #expect(policy.rules["ami-shared-by-service"]?.isEnabled == false)
        #expect(policy.rules["launch-from-unapproved-ami"]?.severity == .high)
        let suppression = try #require(policy.suppressions.first)
        #expect(suppression.account?.description == "111122223333")
        #expect(suppression.resource == Pattern("ami-0abcd1234abcd1234"))
        #expect(suppression.region == nil)
        #expect(suppression.ends == EventTime("2027-01-01T00:00:00Z"))
    }

    @Test("Buckets are patterns")
    func buckets() throws {
        let file = ShippedPolicyTests.deploy.appending(path: "policy.example.yaml")
        let policy = try PolicyReader.read(path: file.path).policy
        #expect(policy.trust.buckets == [Pattern("golden-images-*")])
    }

    @Test("A parameter that is not known is kept as canonical JSON")
    func unknownParameter() throws {
        let criteria = try #require(try policy("criteria-answer").baseline.imageCriteria)
        #expect(criteria.count == 2)
        #expect(criteria[0].unknown == ["ImageWatermarks": #"[{"a":"😀\"\\\n","b":1.50}]"#])
        #expect(criteria[0].names == ["emoji-a"])
        #expect(criteria[0].maximumDaysSinceCreated == 300)
        #expect(criteria[0].maximumDaysSinceDeprecated == 0)
        #expect(criteria[1] == ImageCriterion(productCodes: ["abcdefghijklmnopqrstuvwxy"]))
    }

    @Test("The hash is that of the content: of every file, wherever they lie")
    func hash() throws {
        let source = Expectation("policies", "design").folder
        let copy = FileManager.default.temporaryDirectory.appending(path: "amiwatch-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: source, to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        let file = copy.appending(path: "policy.yaml")
        func read() throws -> String { try PolicyReader.read(path: file.path).policy.hash }
        let original = try policy("design").hash
        #expect(try read() == original)
        var seen: Set<String> = [original]
        for name in ["policy.yaml", "image-criteria.json", "ec2-policy.json", "deny-untagged.json"] {
            let changed = copy.appending(path: name)
            let text = try String(contentsOf: changed, encoding: .utf8)
            try (text + "\n").write(to: changed, atomically: true, encoding: .utf8)
            #expect(seen.insert(try read()).inserted, "\(name) counts")
        }
    }

    @Test(
        "What cannot be read is said in one line",
        arguments: [("missing.yaml", "no such file"), (".", "directory")]
    )
    func unreadable(name: String, says: String) throws {
        let path = Expectation.fixtures.appending(path: name).path
        let error = #expect(throws: ConfigurationErrors.self) { try PolicyReader.read(path: path) }
        #expect(error?.diagnostics.count == 1)
        #expect(error?.description.contains(says) == true)
    }

    private static func statement(_ sid: String) -> String {
        #"{"Sid": "\#(sid)", "Effect": "Deny", "Action": "ec2:DeregisterImage", "Resource": "*"}"#
    }

    @Test("Texts that Unicode calls canonically equivalent are two texts, and two files")
    func exactTexts() throws {
        let folder = try TestFolder()
        let (one, other) = ("caf\u{E9}", "cafe\u{301}")
        for (name, statement) in [(one, "one"), (other, "other")] {
            try folder.write("\(name).json", Self.statement(statement))
        }
        let path = try folder.write(
            "policy.yaml",
            """
            version: 1
            publishers: ["arn:aws:iam::111122223333:role/\(one)", "arn:aws:iam::111122223333:role/\(other)"]
            images: {approved: [{tags: {\(one): golden, \(other): golden}}]}
            iam_statements: [{file: "\(one).json"}, {file: "\(other).json"}]
            """
        )
        let (policy, warnings) = try PolicyReader.read(path: path)
        #expect(warnings.map(\.message).filter { $0.contains("twice") } == [])
        #expect(policy.publishers?.count == 2)
        #expect(policy.images.approved?.first?.tags?.count == 2)
        try folder.write("\(other).json", Self.statement("another"))
        #expect(try PolicyReader.read(path: path).policy.hash != policy.hash)
    }

    @Test(
        "A letter with an accent is in no id and no Region",
        arguments: [
            "organization: {id: o-exampleorgidb\u{308}}",
            "trust: {organizational_units: [ou-ab12-cdef34565\u{308}]}",
            "images: {denied: [ami-0abcd1234abcd123a\u{301}]}",
            "suppressions: [{rule: ami-shared-publicly, region: us-easb\u{308}t-1, reason: r, owner: o, "
                + "expires: 2099-12-31}]",
        ]
    )
    func accents(section: String) throws {
        let folder = try TestFolder()
        let path = try folder.write("policy.yaml", "version: 1\n\(section)\n")
        let error = #expect(throws: ConfigurationErrors.self) { try PolicyReader.read(path: path) }
        #expect(error?.errors.count == 1 && error?.description.contains("is not a valid") == true)
    }

    @Test("A diagnostic is one line, whatever the file holds")
    func oneLine() {
        let location = FileLocation(file: "a\nb", line: 1, column: 2)
        let diagnostic = Diagnostic(.error, at: location, "x\u{1B}[31m\ny", instead: "\"a\tb\"")
        #expect(diagnostic.description == #"a\nb:1:2: error: x\u{1b}[31m\ny; write "a\tb""#)
        let json =
            #"{"file":"a\nb","line":1,"column":2,"severity":"error","message":"x\u001b[31m\ny","#
            + #""instead":"\"a\tb\"","impact":null}"#
        #expect(diagnostic.json == json)
    }
}
