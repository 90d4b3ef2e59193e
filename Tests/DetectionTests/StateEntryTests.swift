import CloudTrail
import Foundation
import TestSupport
import Testing

@testable import Detection

/// Entries of the changelog and the catalogue that no version has written: refused by name, or taken without harm.
@Suite
struct StateEntryTests {
    private typealias Bytes = (key: [UInt8], value: [UInt8])

    private static func engine(horizon: Int64? = 86_400) -> Engine {
        var settings = Engine.Settings()
        settings.horizonSeconds = horizon
        settings.keepsJournal = true
        var random = SplitMix64(seed: 5)
        return Engine(policy: World.policy(&random), settings: settings)
    }

    private static func entries(seed: UInt64) -> [Bytes] {
        var engine = Self.engine()
        var alerts: [Alert] = []
        for record in History.records(60, SplitMix64(seed: seed)) {
            _ = engine.process(record, into: &alerts)
        }
        return engine.allEntries().compactMap { entry in entry.value.map { (Array(entry.key), Array($0)) } }
    }

    // MARK: By name

    private static func bytes(_ write: (inout ByteWriter) -> Void) -> [UInt8] {
        var writer = ByteWriter()
        write(&writer)
        return Array(writer.bytes)
    }

    private static let scope = AccountRegion(World.owner, "us-east-1")
    private static let guardrails = StateKey.finding(
        FindingIdentity(rule: "allowed-amis-disabled", subject: .guardrails(scope))
    )
    private static let criteria = StateKey.facts(.imageCriteria(scope), writer: World.owner)

    private static func fact(
        at seconds: Int64 = World.base,
        _ value: FactValue = .active,
        by account: AccountID = World.owner
    ) -> Fact {
        let origin = Origin(
            account: account,
            region: "us-east-1",
            name: "DescribeImages",
            source: "ec2.amazonaws.com"
        )
        let time = EventTime(seconds: seconds)
        return Fact(
            time: time,
            phase: .changes,
            value: value,
            evidence: Evidence(
                id: .uuid(1, 2),
                time: EventTime(seconds: World.base),
                origin: origin,
                actor: .unknown
            )
        )
    }

    private static func finding(
        _ counts: [UInt64],
        status: String = "open",
        time: Int64 = World.base
    ) -> [UInt8] {
        bytes {
            $0.byte(StateKey.format)
            $0.text(status)
            $0.unsigned(counts[0])
            $0.unsigned(7)
            $0.unsigned(counts[1])
            $0.unsigned(counts[2])
            for _ in 0..<3 { $0.signed(time) }
        }
    }

    private static func facts(_ facts: [Fact]) -> [UInt8] {
        bytes { _ = $0.facts(facts[...], of: nil) }
    }

    private static let refused: [(StateKey, [UInt8], String)] = [
        (guardrails, finding([.max, 1, 0]), "a finding's revision 18446744073709551615 is out of range"),
        (
            guardrails, finding([1, 1 << 63, 0]),
            "a number of occurrences 9223372036854775808 is out of range"
        ),
        (guardrails, finding([1, 1, 1 << 54]), "forgotten occurrences 18014398509481984 is out of range"),
        (guardrails, finding([1, 1, 0], status: "broken"), "no such status"),
        (guardrails, finding([1, 1, 0], time: .max - 1), "seconds from 1970 is out of range"),
        (guardrails, finding([1, 1, 0]) + [0], "it ends early"),
        (
            .clock(World.owner), bytes { $0.clock(EventTime(seconds: World.base), judgedBy: 7) } + [0],
            "1 bytes too many"
        ),
        (guardrails, Array(finding([1, 1, 0]).dropLast(12)), "it ends early"),
        (guardrails, [0], "the format is 0"),
        (.clock(World.owner), [1, 0xFF, 0xFF], "it ends early"),
        (
            .clock(World.owner),
            bytes {
                $0.byte(1); $0.signed(.min + 1)
            }, "out of range"
        ),
        (.clock(World.owner), [1] + Array(repeating: 0xFF, count: 9) + [0x7F], "a number is too long"),
        (.clock(World.owner), [1, 0x80, 0], "a number is longer than it need be"),
        (
            criteria, facts([fact(.criteria([ImageCriterion(maximumDaysSinceCreated: .max)]))]),
            "days is out of range"
        ),
        (
            criteria, facts([fact(.criteria([ImageCriterion(maximumDaysSinceDeprecated: -1)]))]),
            "days is out of range"
        ),
        (criteria, facts([fact(at: .max - 5)]), "seconds from 1970 is out of range"),
        (criteria, facts([fact(at: 9), fact(at: 8)]), "facts are not in order"),
        (criteria, facts([fact(at: 9), fact(at: 9)]), "facts are not in order"),
        (criteria, [1, 0], "there are no facts"),
        (criteria, [1, 0xFF, 0x01], "a length is too great"),
        (criteria, [1, 1, 2, 9], "no such phase"),
        (criteria, [1, 1, 2, 1, 99], "no fact has tag 99"),
        (criteria, [1, 1, 2, 1, 30, 1, 1, 0x61, 99], "no field has tag 99"),
        (criteria, [1, 1, 2, 1, 30, 2, 1, 0x62, 2, 1, 0x61, 2], "fields are not in order"),
        (criteria, [1, 1, 2, 1, 30, 2, 1, 0x61, 2, 1, 0x61, 3], "fields are not in order"),
        (criteria, [1, 1, 2, 1, 0, 2, 0xC3, 0x28], "a text is not UTF-8"),
        (.facts(.activity(scope, second: 5), writer: World.owner), facts([fact(at: 6)]), "another second"),
        (
            .facts(.image(World.image(1), .name), writer: World.owner),
            facts([fact(.text("web"), by: World.vendor)]), "another account"
        ),
    ]

    @Test(arguments: refused.indices)
    func whatNoVersionWritesIsRefusedByName(index: Int) {
        let (key, value, words) = Self.refused[index]
        let keyBytes = Self.bytes { $0.entryKey(key) }
        var engine = Self.engine()
        var alerts: [Alert] = []
        for takes in [0, 1] {
            do throws(StateError) {
                if takes == 0 {
                    try engine.restore(key: keyBytes[...], value: value[...])
                } else {
                    try engine.applyCatalogue(key: keyBytes[...], value: value[...], into: &alerts)
                }
                Issue.record("it was taken: \(words)")
            } catch {
                #expect(error.description.contains(words), "\(error)")
                #expect(error.description.contains("name new topics"), "\(error)")
            }
        }
    }

    @Test
    func aKeyThatGoesOnIsRefused() {
        let key = Self.bytes { $0.entryKey(.clock(World.owner)) } + [1]
        var engine = Self.engine()
        #expect(throws: StateError.malformed("1 bytes too many")) {
            try engine.restore(key: key[...], value: [1, 2])
        }
    }

    @Test
    func theGreatestCountsAreTakenAndGoOn() throws {
        var engine = Self.engine()
        let key = Self.bytes { $0.entryKey(Self.guardrails) }
        try engine.restore(key: key[...], value: Self.finding([1 << 53, 1 << 53, 1 << 53])[...])
        var alerts: [Alert] = []
        for (number, state) in [AllowedImagesState.enabled, .disabled, .enabled].enumerated() {
            _ = engine.process(
                Record(
                    id: .uuid(1, UInt64(number)),
                    account: World.owner,
                    region: "us-east-1",
                    time: EventTime(seconds: World.base + Int64(number)),
                    name: "DisableAllowedImagesSettings",
                    source: "ec2.amazonaws.com",
                    call: .allowedImages(state)
                ),
                into: &alerts
            )
        }
        #expect(alerts.contains { $0.revision > 1 << 53 })
    }

    // MARK: Of a later version

    private static let laterKeys: [FactKey] = [
        Attribute(0x1FFF),
        Attribute(0x1FFE, keeping: .first, lifetime: .occurrence, hasEntryPerRecord: false),
        Attribute(0x1FFD, isInCatalogue: true, isConstant: true, hasTellers: true),
    ].flatMap { attribute in
        [
            FactKey(attribute, .resource(scope, ResourceID("snap-1")), .text("x")),
            FactKey(attribute, .image(World.image(1)), .grantee(.everyone)),
            FactKey(attribute, .accountRegion(scope), .second(World.base)),
            FactKey(attribute, .account(World.owner)),
            FactKey(attribute, .organization("o-1"), .requiredTag("k", .snapshot)),
        ]
    }

    private static let laterFields: Fields = {
        var fields = Fields()
        fields["a text"] = .text("é")
        fields["a number"] = .number(.min)
        (fields["yes"], fields["no"]) = (.flag(true), .flag(false))
        fields["texts"] = .texts(["b", "", "a"])
        return fields
    }()

    /// Facts of attributes, and findings about kinds of subjects, that this version does not know are kept as they
    /// are, by its side effects too.
    @Test
    func whatALaterVersionKnowsIsKept() throws {
        var entries: [[UInt8]: [UInt8]] = [:]
        for key in Self.laterKeys {
            let fact = Self.fact(.fields(Self.laterFields))
            entries[Self.bytes { $0.entryKey(.of(fact, at: key)) }] = Self.facts([fact])
        }
        for id in [nil, World.instance(1)] {
            let kind = Subject.Kind(0x1FFF, .instance)
            let subject = Subject(kind, Self.scope, id, .text("x"))
            let identity = FindingIdentity(rule: "a-later-rule", subject: subject)
            entries[Self.bytes { $0.entryKey(.finding(identity)) }] = Self.finding([1, 1, 0])
        }
        var engine = Self.engine()
        for (key, value) in entries { try engine.restore(key: key[...], value: value[...]) }
        var alerts: [Alert] = []
        engine.reconcile(into: &alerts)
        #expect(alerts.isEmpty)
        let kept = engine.allEntries()
        #expect(kept.count == entries.count)
        for entry in kept where entries[Array(entry.key)] == nil {
            Issue.record("an entry that was not there: \(Array(entry.key))")
        }
        // What the record of a known attribute tells stays apart.
        let records = History.records(30, SplitMix64(seed: 3))
        for record in records { _ = engine.process(record, into: &alerts) }
        var other = Self.engine()
        var others: [Alert] = []
        for record in records { _ = other.process(record, into: &others) }
        #expect(alerts == others)
        for key in entries.keys { try engine.restore(key: key[...], value: nil) }
        #expect(engine.allEntries() == other.allEntries())
    }

    @Test
    func aRowThatNoVersionWritesIsRefused() {
        let rows: [(UInt16, UInt8, UInt8)] = [
            (0x0FFF, 0, 0), (0x1000, 16, 0), (0x1000, 0, 0x30), (0x1000, 0, 4), (0x1000, 0, 0x20),
        ]
        for row in rows {
            let key = Self.bytes {
                $0.byte(1); $0.byte(0); $0.unsigned(World.owner.number); $0.byte(255)
                $0.unsigned(UInt64(row.0)); $0.byte(row.1); $0.byte(row.2); $0.byte(2)
                $0.unsigned(World.owner.number); $0.byte(0)
            }
            var engine = Self.engine()
            #expect(throws: StateError.malformed("no attribute has tag \(row.0)")) {
                try engine.restore(key: key[...], value: nil)
            }
        }
    }

    // MARK: By chance

    /// Broken entries in any number neither end the process nor leave a state that cannot be written and read again.
    @Test
    func brokenEntriesDoNoHarm() throws {
        let wanted = ProcessInfo.processInfo.environment["AMIWATCH_BROKEN_ENTRIES"].flatMap { Int($0) }
        let count = wanted ?? 12_000
        var random = SplitMix64(seed: 91)
        var results = (taken: 0, refused: 0)
        var (engine, entries, records) = (Self.engine(), [Bytes](), [Record]())
        for number in 0..<count {
            if number % 150 == 0 {
                try Self.use(&engine, records)
                let seed = UInt64(number / 150 % 40)
                entries = Self.entries(seed: seed)
                records = Array(History.records(12, SplitMix64(seed: seed + 1000)).prefix(12))
                engine = Self.engine()
                for entry in entries { try engine.restore(key: entry.key[...], value: entry.value[...]) }
            }
            let broken = Self.broken(random.pick(entries), entries, &random)
            do throws(StateError) {
                if random.chance(50) {
                    try engine.restore(key: broken.key[...], value: broken.value[...])
                } else {
                    var alerts: [Alert] = []
                    try engine.applyCatalogue(key: broken.key[...], value: broken.value[...], into: &alerts)
                }
                results.taken += 1
            } catch { results.refused += 1 }
        }
        try Self.use(&engine, records)
        #expect(results.taken > count / 20 && results.refused > count / 3, "\(results)")
    }

    /// Judges everything, takes records, commits, and reads back what was written.
    private static func use(_ engine: inout Engine, _ records: [Record]) throws {
        var alerts: [Alert] = []
        engine.reconcile(into: &alerts)
        for record in records { _ = engine.process(record, into: &alerts) }
        _ = engine.pendingChanges()
        engine.commit()
        _ = engine.findings()
        var next = Self.engine()
        for entry in engine.allEntries() { try next.restore(key: entry.key, value: entry.value) }
    }

    private static let extremes: [[UInt8]] = [
        Array(repeating: 0xFF, count: 9) + [1], [0xFE] + Array(repeating: 0xFF, count: 8) + [1],
        Array(repeating: 0x80, count: 9) + [1], Array(repeating: 0xFF, count: 8) + [0x7F], [0xFF, 0x7F], [0],
    ]

    private static func broken(_ entry: Bytes, _ others: [Bytes], _ random: inout SplitMix64) -> Bytes {
        var entry = entry
        if random.chance(20) { entry.value = random.pick(others).value }
        if random.chance(25) {
            change(&entry.key, random.pick(others).key, &random)
        } else {
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                change(&entry.value, random.pick(others).value, &random)
            }
        }
        return entry
    }

    private static func change(_ bytes: inout [UInt8], _ other: [UInt8], _ random: inout SplitMix64) {
        guard !bytes.isEmpty else { return bytes = other }
        let scope = bytes.indices.randomElement(using: &random) ?? 0
        switch Int.random(in: 0..<7, using: &random) {
        case 0: bytes[scope] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[scope] = random.pick([0, 1, 0x7F, 0x80, 0xFF])
        case 2: bytes.removeSubrange(scope...)
        case 3: bytes.insert(UInt8.random(in: .min ... .max, using: &random), at: scope)
        case 4: bytes.remove(at: scope)
        case 5: bytes.replaceSubrange(scope..<(scope + 1), with: random.pick(extremes))
        default:
            let from = other.indices.randomElement(using: &random) ?? 0
            bytes.replaceSubrange(scope..., with: other[from...])
        }
    }
}
