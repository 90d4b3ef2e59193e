import Foundation
import TestSupport
import Testing

@testable import AWSPolicies

/// Conditions, beside what AWS answered.
///
/// The rows were captured on AWS in September 2026 (github.com/radkawar/stackd, commit 9dc356f5, testdata/aws/iam): a condition, the
/// keys that the request had, and whether the condition held.
struct ConditionTests {
    /// A request with the keys of a row; of those `aws:TagKeys` alone takes several values.
    struct Request: RequestContext {
        var values: [String: ContextValue]

        init(_ values: [String: [String]]) {
            self.values = [:]
            for (key, texts) in values {
                let key = key.lowercased()
                self.values[key] = key == "aws:tagkeys" ? .multiple(texts) : .single(texts.first ?? "")
            }
        }

        func value(of key: String) -> ContextValue { values[key] ?? .absent }
    }

    static func conditions(_ block: [String: [String: Any]]) throws -> [Condition] {
        try block.flatMap { name, keys in
            let comparison = try #require(ConditionOperator(name), "\(name)")
            return try keys.map { key, value in
                let texts = try #require(value as? [String] ?? (value as? String).map { [$0] })
                return Condition(comparison, key: key, operands: texts.map { Operand($0) })
            }
        }
    }

    static func truth(_ conditions: [Condition], _ request: some RequestContext) -> Truth {
        conditions.reduce(.yes) { $0 && $1.matches(request) }
    }

    @Test("Every answer of AWS is ours")
    func captured() throws {
        var count = 0
        for row in try Rows.read("conditions") {
            let block = try #require(row["condition"] as? [String: [String: Any]])
            let values = try #require(row["context"] as? [String: [String]])
            let matches = try #require(row["matches"] as? Bool)
            let truth = try Self.truth(Self.conditions(block), Request(values))
            #expect(truth == (matches ? .yes : .no), "\(row)")
            count += 1
        }
        #expect(count == 547)
    }

    /// What nobody knows of the request decides only where it matters.
    @Test
    func whatIsUnknownDecidesOnlyWhereItMatters() throws {
        var request = Request(["aws:RequestTag/team": ["red"]])
        request.values["ec2:owner"] = .unknown
        func truth(_ block: [String: [String: Any]]) throws -> Truth {
            try Self.truth(Self.conditions(block), request)
        }
        let owner = ["ec2:Owner": "amazon"]
        #expect(try truth(["StringEquals": owner]) == .unknown(["ec2:owner"]))
        #expect(try truth(["StringNotEqualsIfExists": owner]) == .unknown(["ec2:owner"]))
        #expect(try truth(["Null": ["ec2:Owner": "true"]]) == .unknown(["ec2:owner"]))
        #expect(try truth(["StringEquals": ["ec2:Owner": "amazon", "aws:RequestTag/team": "blue"]]) == .no)
        #expect(
            try truth(["StringEquals": owner, "StringLike": ["aws:RequestTag/team": "r*"]])
                == .unknown(["ec2:owner"])
        )
        let variable = ["aws:RequestTag/team": ["red", "${ec2:Owner}"]]
        #expect(try truth(["StringEquals": variable]) == .yes)
        #expect(try truth(["StringNotEquals": variable]) == .no)
        #expect(
            try truth(["StringEquals": ["aws:RequestTag/team": "${ec2:Owner}"]]) == .unknown(["ec2:owner"])
        )
    }

    /// By the text of the guide, for what was not captured.
    @Test(arguments: [
        ("NumericLessThan", "10", "9.99", true), ("NumericLessThan", "10", "10", false),
        ("NumericLessThanEquals", "10", "1e1", true), ("NumericGreaterThan", "-1.5", "-1.25", true),
        ("NumericGreaterThan", "-1", "-10", false), ("NumericGreaterThanEquals", "0", "-0", true),
        ("NumericLessThan", "0.001", "1e-4", true), ("NumericLessThan", "ten", "1", false),
        ("DateLessThan", "2026-03-17", "2026-03-16T23:59:59.999Z", true),
        ("DateGreaterThan", "2026-03-17T00:00:00+02:00", "2026-03-16T22:00:01Z", true),
        ("DateGreaterThanEquals", "2024-02-29", "1709164800", true),
        ("DateLessThanEquals", "2025-02-29", "1709164800", false),
        ("ArnEquals", "arn:aws:iam::*:role/a?c", "arn:aws:iam::1:role/abc", true),
        ("ArnNotEquals", "arn:aws:iam::*:role/a", "arn:aws:iam::1:role/b", true),
        ("ArnLike", "arn:aws:iam::*/a", "arn:aws:iam::1:role/a", false),
        ("StringLike", "${*}", "*", true), ("StringLike", "${*}", "x", false),
        ("StringEquals", "${aws:username, 'nobody'}", "nobody", true),
        ("StringEquals", "${aws:username}", "nobody", false),
        ("StringNotEquals", "${aws:username}", "nobody", true),
    ])
    func ordered(name: String, operand: String, value: String, isMet: Bool) throws {
        let comparison = try #require(ConditionOperator(name))
        let condition = Condition(comparison, key: "aws:Key", operands: [Operand(operand)])
        #expect(condition.matches(Request(["aws:key": [value]])) == (isMet ? .yes : .no))
    }

    @Test
    func operatorsAreReadAsIAMWritesThem() {
        #expect(ConditionOperator("ForAnyValue:StringNotLikeIfExists")?.isNegated == true)
        #expect(ConditionOperator("forallvalues:stringlike")?.quantifier == .forAllValues)
        #expect(ConditionOperator("BoolIfExists")?.matchesAbsent == true)
        for name in [
            "", "StringMatches", "NullIfExists", "ForAnyValue:Null", "ForSomeValues:StringLike", "NotBool",
        ] {
            #expect(ConditionOperator(name) == nil, "\(name)")
        }
    }
}
