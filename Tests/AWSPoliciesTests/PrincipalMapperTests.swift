import Foundation
import TestSupport
import Testing

@testable import AWSPolicies

/// Generated statements and requests, judged here and by principalmapper, which nobody here wrote.
///
/// Where it is known to answer otherwise than AWS nothing is generated: `StringNotLike` without the key; `…IfExists` of numbers,
/// dates and addresses; several values under an ordered date; a negated `ForAnyValue`, and set operators of other things than
/// texts; a plain operator over a key with several values; empty texts, which it takes for absent; networks with host bits, which
/// it refuses; names of keys in another case under set operators; characters that are special in regular expressions; wildcards of ARNs across colons.
struct PrincipalMapperTests {
    private static let count = 10_000
    private static let script = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures/statement_oracle.py").path

    @Test("It says the same of 10,000 statements and requests")
    func agrees() throws {
        var random = SplitMix64(seed: 20_261_127)
        let cases = (0..<Self.count).map { _ in Case(&random) }
        let folder = try TestFolder()
        let lines = try cases.map { String(decoding: try $0.json, as: UTF8.self) + "\n" }
        let file = try folder.write("cases.jsonl", lines.joined())
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = [Self.script, file]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let answers = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        if process.terminationStatus == 3 {
            print("\n!! principalmapper: NOT COMPARED, it cannot be had from PyPI\n")
            return
        }
        #expect(process.terminationStatus == 0)
        let theirs = String(decoding: answers, as: UTF8.self).split(separator: "\n").map { $0 == "1" }
        try #require(theirs.count == Self.count)
        var differing: [String] = []
        for (index, one) in cases.enumerated() where (one.truth == .yes) != theirs[index] {
            differing.append("\(lines[index]) here \(one.truth), there \(theirs[index])")
        }
        #expect(differing.isEmpty, "\(differing.count): \(differing.prefix(5).joined(separator: "\n"))")
        // Neither answer is rare.
        #expect(theirs.count { $0 } > Self.count / 10 && theirs.count { !$0 } > Self.count / 10)
    }
}

/// One statement, and a request that it may apply to.
private struct Case {
    private var conditions: [(name: String, key: String, values: [String])] = []
    private var actions: [String]
    private var isNotAction: Bool
    private var resources: [String]
    private var isNotResource: Bool
    private var action: String
    private var resource: String
    private var context: [String: [String]] = [:]

    private static let texts = [
        "golden", "Golden", "silver", "a", "ab", "abc", "web-1", "web 2", "caf\u{E9}", "team", "env",
    ]
    private static let patterns = ["g*", "*", "?", "a?", "?b*", "web-?", "*n", "golden", "web*", "x*y"]
    private static let numbers = ["0", "1", "8", "10", "10.0", "-3", "2.5", "100"]
    private static let dates = [
        "2026-03-02T09:00:00Z", "2026-03-02T11:00:00+02:00", "2026-01-01T00:00:00Z", "1772442000",
        "1767225600",
    ]
    private static let addresses = ["192.0.2.7", "10.1.2.3", "203.0.113.200", "2001:db8::7"]
    private static let networks = [
        "192.0.2.0/24", "10.0.0.0/8", "203.0.113.128/25", "0.0.0.0/0", "2001:db8::/32", "192.0.2.7/32",
    ]
    private static let arns = [
        "arn:aws:iam::111122223333:role/image-builder", "arn:aws:iam::111122223333:user/ann",
        "arn:aws:iam::444455556666:role/image-reader", "arn:aws:iam::444455556666:root",
    ]
    private static let arnPatterns =
        arns + [
            "arn:aws:iam::*:role/image-*", "arn:aws:iam::111122223333:*", "arn:aws:iam::*:user/???",
            "arn:aws:iam::*:root",
        ]

    init(_ random: inout SplitMix64) {
        let actions = [
            "ec2:RunInstances", "ec2:CreateImage", "ec2:CreateTags", "EC2:run*", "ec2:Create?mage", "ec2:*",
            "s3:*",
        ]
        let resources = [
            "*", "arn:aws:ec2:*::image/*", "arn:aws:ec2:us-east-1::image/ami-0abc*",
            "arn:aws:ec2:*:*:instance/*",
            "arn:aws:ec2:us-east-1:111122223333:instance/i-0*",
        ]
        self.actions = Self.some(actions, &random)
        self.resources = Self.some(resources, &random)
        isNotAction = random.chance(15)
        isNotResource = random.chance(15)
        action = random.pick(["ec2:RunInstances", "ec2:CreateImage", "ec2:CreateTags"])
        resource = random.pick([
            "arn:aws:ec2:us-east-1::image/ami-0abc1", "arn:aws:ec2:eu-west-1::image/ami-0def2",
            "arn:aws:ec2:us-east-1:111122223333:instance/i-0123",
            "arn:aws:ec2:us-east-1:444455556666:instance/i-1123",
        ])
        for _ in 0..<random.pick([0, 1, 1, 1, 2, 3]) { addCondition(&random) }
    }

    private static func some(_ values: [String], _ random: inout SplitMix64) -> [String] {
        (0..<random.pick([1, 1, 2, 3])).map { _ in random.pick(values) }
    }

    /// One line of a condition block; each operator once, each key for one kind of value.
    private mutating func addCondition(_ random: inout SplitMix64) {
        let isThere = random.chance(75)
        func add(_ name: String, _ key: String, _ values: [String], _ value: [String]) {
            guard !conditions.contains(where: { $0.name == name }) else { return }
            conditions.append(
                (name, !name.contains(":") && random.chance(20) ? key.uppercased() : key, values)
            )
            if context[key] == nil, isThere { context[key] = value }
        }
        let ifExists = random.chance(25) ? "IfExists" : ""
        switch Int.random(in: 0..<8, using: &random) {
        case 0:
            let name = random.pick([
                "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase",
            ])
            add(
                name + ifExists,
                "ec2:ResourceTag/Role",
                Self.some(Self.texts, &random),
                [random.pick(Self.texts)]
            )
        case 1:
            add(
                "StringLike" + ifExists,
                "ec2:ResourceTag/Name",
                Self.some(Self.patterns, &random),
                [random.pick(Self.texts)]
            )
            // Always there, for principalmapper answers otherwise where it is not.
            context["aws:RequestTag/Name"] = [random.pick(Self.texts)]
            add("StringNotLike" + ifExists, "aws:RequestTag/Name", Self.some(Self.patterns, &random), [])
        case 2:
            let name = random.pick([
                "ForAllValues:StringEquals", "ForAllValues:StringNotEquals", "ForAllValues:StringLike",
                "ForAnyValue:StringEquals", "ForAnyValue:StringLike",
            ])
            let values = Self.some(name.hasSuffix("Like") ? Self.patterns : Self.texts, &random)
            add(name, "aws:TagKeys", values, Self.some(Self.texts, &random))
        case 3:
            let name = random.pick([
                "NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals",
                "NumericGreaterThan",
                "NumericGreaterThanEquals",
            ])
            add(name, "ec2:VolumeSize", Self.some(Self.numbers, &random), [random.pick(Self.numbers)])
        case 4:
            let name = random.pick(["DateEquals", "DateNotEquals", "DateLessThan", "DateGreaterThanEquals"])
            add(name, "aws:CurrentTime", [random.pick(Self.dates)], [random.pick(Self.dates)])
        case 5:
            add(
                "Bool" + ifExists,
                "ec2:Public",
                [random.pick(["true", "false"])],
                [random.pick(["true", "True", "false", "no"])]
            )
        case 6:
            let name = random.pick(["IpAddress", "NotIpAddress"])
            add(name, "aws:SourceIp", Self.some(Self.networks, &random), [random.pick(Self.addresses)])
        default:
            if random.chance(30) {
                add("Null", "aws:RequestTag/Stage", [random.pick(["true", "false"])], ["prod"])
            } else {
                let name = random.pick(["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"])
                let suffix = name.contains("Not") ? "" : ifExists
                add(
                    name + suffix,
                    "aws:PrincipalArn",
                    Self.some(Self.arnPatterns, &random),
                    [random.pick(Self.arns)]
                )
            }
        }
    }

    /// The same as AWS's JSON.
    var json: Data {
        get throws {
            var blocks: [String: [String: [String]]] = [:]
            for condition in conditions {
                blocks[condition.name, default: [:]][condition.key] = condition.values
            }
            let statement: [String: Any] = [
                "Effect": "Deny", isNotAction ? "NotAction" : "Action": actions,
                isNotResource ? "NotResource" : "Resource": resources, "Condition": blocks,
            ]
            let values = context.mapValues { $0.count == 1 ? $0[0] as Any : $0 as Any }
            return try JSONSerialization.data(
                withJSONObject: [
                    "statement": statement, "action": action, "resource": resource, "context": values,
                ]
            )
        }
    }

    /// What is said of it here.
    var truth: Truth {
        let patterns = actions.map { ActionPattern($0) }
        let operands = resources.map { Operand($0) }
        let statement = Statement(
            effect: .deny,
            actions: isNotAction ? .allBut(patterns) : .only(patterns),
            resources: isNotResource ? .allBut(operands) : .only(operands),
            conditions: conditions.compactMap { condition in
                ConditionOperator(condition.name).map {
                    Condition($0, key: condition.key, operands: condition.values.map { Operand($0) })
                }
            }
        )
        return statement.applies(to: action, on: resource, in: Request(values: context))
    }

    private struct Request: RequestContext {
        let values: [String: [String]]

        func value(of key: String) -> ContextValue {
            guard let found = values.first(where: { $0.key.lowercased() == key })?.value else {
                return .absent
            }
            return key == "aws:tagkeys" ? .multiple(found) : .single(found[0])
        }
    }
}

extension SplitMix64 {
    fileprivate mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &self) < percent
    }

    fileprivate mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &self)]
    }
}
