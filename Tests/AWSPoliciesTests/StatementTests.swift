import TestSupport
import Testing

@testable import AWSPolicies

/// Which actions and resources a statement speaks of.
struct StatementTests {
    private static let image = "arn:aws:ec2:us-east-1::image/ami-0abcd1234abcd1234"

    private static func truth(
        _ statement: Statement,
        _ action: String,
        _ resource: String? = image,
        _ values: [String: [String]] = [:]
    ) -> Truth {
        statement.applies(to: action, on: resource, in: ConditionTests.Request(values))
    }

    @Test
    func actionsAreComparedWithoutCase() {
        let some = Statement(
            effect: .deny,
            actions: .only([ActionPattern("EC2:Run*"), ActionPattern("ec2:create?mage")]),
            resources: .only([Operand("*")])
        )
        #expect(Self.truth(some, "ec2:RunInstances") == .yes)
        #expect(Self.truth(some, "ec2:CreateImage") == .yes)
        #expect(Self.truth(some, "ec2:CopyImage") == .no)
        #expect(Self.truth(some, "ec2:RunInstances", nil) == .yes)
        var others = some
        others.actions = .allBut([ActionPattern("ec2:Describe*")])
        #expect(Self.truth(others, "ec2:DescribeImages") == .no)
        #expect(Self.truth(others, "ec2:RunInstances") == .yes)
    }

    @Test
    func resourcesAreComparedByTheirParts() {
        func statement(_ resources: Statement.Scope<Operand>) -> Statement {
            Statement(effect: .deny, actions: .only([ActionPattern("*")]), resources: resources)
        }
        let images = Operand("arn:aws:ec2:*::image/*")
        #expect(Self.truth(statement(.only([images])), "ec2:RunInstances") == .yes)
        let snapshot = "arn:aws:ec2:us-east-1:111122223333:snapshot/snap-0abcd1234abcd1234"
        #expect(Self.truth(statement(.only([images])), "ec2:RunInstances", snapshot) == .no)
        #expect(Self.truth(statement(.only([images])), "ec2:RunInstances", nil) == .no)
        #expect(Self.truth(statement(.allBut([images])), "ec2:RunInstances") == .no)
        #expect(Self.truth(statement(.allBut([images])), "ec2:RunInstances", snapshot) == .yes)
        let own = Operand("arn:aws:ec2:*:${aws:PrincipalAccount}:snapshot/*")
        let account = ["aws:PrincipalAccount": ["111122223333"]]
        #expect(Self.truth(statement(.only([own])), "ec2:CopyImage", snapshot, account) == .yes)
        #expect(Self.truth(statement(.only([own])), "ec2:CopyImage", snapshot) == .no)
    }

    @Test
    func allConditionsMustHold() throws {
        let conditions = try ConditionTests.conditions([
            "StringEquals": ["ec2:Owner": ["amazon", "111122223333"]], "Bool": ["ec2:Public": "true"],
        ])
        let statement = Statement(
            effect: .deny,
            actions: .only([ActionPattern("ec2:RunInstances")]),
            resources: .only([Operand("arn:aws:ec2:*::image/*")]),
            conditions: conditions
        )
        func truth(_ owner: String, _ isPublic: String) -> Truth {
            Self.truth(
                statement,
                "ec2:RunInstances",
                Self.image,
                ["ec2:Owner": [owner], "ec2:Public": [isPublic]]
            )
        }
        #expect(truth("amazon", "true") == .yes)
        #expect(truth("amazon", "false") == .no)
        #expect(truth("444455556666", "true") == .no)
    }
}
