import Foundation
import TestSupport
import Testing

@testable import AWSPolicies

/// What policies on several levels come to, beside what AWS showed.
///
/// The rows were captured on AWS in September 2026 with tag policies (github.com/radkawar/stackd, commit 9dc356f5,
/// testdata/aws/iam/organizations_effective_policy.json): the policies of the root and of the account, each in the order of attachment,
/// and the effective policy.
struct EffectivePolicyTests {
    @Test("Every effective policy that AWS showed is ours")
    func captured() throws {
        var count = 0
        for row in try Rows.read("effective-policies") {
            let levels = try #require(row["levels"] as? [[[String: Any]]])
            let effective = try #require(row["effective"] as? [String: Any])
            let merged = EffectivePolicy(try levels.map { try $0.map(Self.tree) })
            #expect(merged.values == Self.values(effective), "\(row)")
            count += 1
        }
        #expect(count == 55)
    }

    private static func tree(_ content: [String: Any]) throws -> PolicyTree {
        var settings: [[String]: PolicyTree.Setting] = [:]
        try read(content, at: [], into: &settings)
        return PolicyTree(settings)
    }

    private static func read(
        _ content: [String: Any],
        at path: [String],
        into settings: inout [[String]: PolicyTree.Setting]
    ) throws {
        func texts(_ value: Any) throws -> [String] { try #require(value as? [Any]).map(text) }
        var setting = PolicyTree.Setting()
        for (name, value) in content {
            switch name {
            case PolicyOperator.assign.rawValue:
                setting.assign = value is [Any] ? .list(try texts(value)) : .text(text(value))
            case PolicyOperator.append.rawValue: setting.append = try texts(value)
            case PolicyOperator.remove.rawValue: setting.remove = try texts(value)
            case "@@operators_allowed_for_child_policies":
                setting.allowed = Set(try texts(value).flatMap(allowed))
            default:
                let inner = try #require(value as? [String: Any])
                try read(inner, at: path + [name.lowercased()], into: &settings)
            }
        }
        if setting != PolicyTree.Setting() { settings[path] = setting }
    }

    private static func allowed(_ name: String) -> [PolicyOperator] {
        name == "@@all" ? PolicyOperator.allCases : PolicyOperator(rawValue: name).map { [$0] } ?? []
    }

    private static func text(_ value: Any) -> String {
        guard let number = value as? NSNumber, !(value is String) else { return value as? String ?? "null" }
        return String(cString: number.objCType) == "c" ? "\(number.boolValue)" : number.stringValue
    }

    private static func values(_ effective: [String: Any], at path: [String] = []) -> [[String]: PolicyValue]
    {
        var values: [[String]: PolicyValue] = [:]
        for (name, value) in effective {
            if let inner = value as? [String: Any] {
                values.merge(Self.values(inner, at: path + [name])) { first, _ in first }
            } else {
                values[path + [name]] = (value as? [String]).map { .list($0) } ?? .text(text(value))
            }
        }
        return values
    }
}
