// Writes every mutant of the rules into one program: `mutate FOLDER LIST` rewrites the Swift files below FOLDER in
// place, so that the environment variable AMIWATCH_MUTANT=7 switches the seventh mutant on, and lists them in LIST:
// number, file, line, what is changed, the source text, separated by tabs.
//
// One build serves them all; without the variable the program does what it did. Tests/Mutation/run uses it.

import Foundation
import SwiftOperators
import SwiftParser
import SwiftSyntax

/// Text to put around a part of a file, or in place of it.
struct Edit {
    let start: Int
    let end: Int
    let before: String
    let after: String
    /// In place of the part itself.
    var replacement: String?
}

final class Mutator: SyntaxVisitor {
    private(set) var edits: [Edit] = []
    private(set) var mutants: [(line: Int, change: String, text: String)] = []
    private let first: Int
    private let locations: SourceLocationConverter

    init(_ tree: SourceFileSyntax, first: Int) {
        self.first = first
        locations = SourceLocationConverter(fileName: "", tree: tree)
        super.init(viewMode: .sourceAccurate)
        walk(tree)
    }

    // MARK: What stays as it is

    override func visit(_ node: VariableDeclSyntax) -> SyntaxVisitorContinueKind {
        let names = node.bindings.map(\.pattern.trimmedDescription)
        let declared = ["metadata", "triggers", "subjects"]
        // What a rule declares is checked by tests of its own (RuleMetadataTests, DependencyTests).
        if names.contains(where: declared.contains) { return .skipChildren }
        let isStatic = node.modifiers.contains { $0.name.tokenKind == .keyword(.static) }
        return isStatic && !node.bindings.contains { $0.accessorBlock != nil }
            ? .skipChildren : .visitChildren
    }

    override func visit(_ node: EnumCaseDeclSyntax) -> SyntaxVisitorContinueKind { .skipChildren }
    override func visit(_ node: AttributeSyntax) -> SyntaxVisitorContinueKind { .skipChildren }

    // MARK: Conditions

    override func visit(_ node: IfExprSyntax) -> SyntaxVisitorContinueKind {
        conditions(node.conditions)
        return .visitChildren
    }

    override func visit(_ node: GuardStmtSyntax) -> SyntaxVisitorContinueKind {
        conditions(node.conditions)
        return .visitChildren
    }

    override func visit(_ node: WhileStmtSyntax) -> SyntaxVisitorContinueKind {
        // A loop that never ends says nothing.
        never(node.conditions)
        return .visitChildren
    }

    override func visit(_ node: WhereClauseSyntax) -> SyntaxVisitorContinueKind {
        always(node.condition)
        never(node.condition)
        return .visitChildren
    }

    override func visit(_ node: TernaryExprSyntax) -> SyntaxVisitorContinueKind {
        always(node.condition)
        never(node.condition)
        return .visitChildren
    }

    override func visit(_ node: SwitchExprSyntax) -> SyntaxVisitorContinueKind {
        let cases = node.cases.compactMap { $0.as(SwitchCaseSyntax.self) }
        guard cases.contains(where: { $0.label.is(SwitchDefaultLabelSyntax.self) }) else {
            return .visitChildren
        }
        for one in cases {
            guard let label = one.label.as(SwitchCaseLabelSyntax.self), let last = label.caseItems.last,
                label.caseItems.count == 1, last.whereClause == nil
            else { continue }
            let number = note(label, "branch removed")
            add(label.caseItems, "", " where Mutants.isOff(\(number))")
        }
        return .visitChildren
    }

    override func visit(_ node: ClosureExprSyntax) -> SyntaxVisitorContinueKind {
        if let only = node.statements.only, let body = only.item.as(ExprSyntax.self),
            body.isCondition || node.isPredicate
        {
            always(body)
            never(body)
        }
        return .visitChildren
    }

    override func visit(_ node: ReturnStmtSyntax) -> SyntaxVisitorContinueKind {
        if let value = node.expression, value.isCondition { negate(value) }
        return .visitChildren
    }

    override func visit(_ node: InfixOperatorExprSyntax) -> SyntaxVisitorContinueKind {
        guard let symbol = node.operator.as(BinaryOperatorExprSyntax.self)?.operator else {
            return .visitChildren
        }
        let shifted = ["<": "<=", "<=": "<", ">": ">=", ">=": ">"]
        switch symbol.text {
        case "&&":
            always(node.leftOperand)
            always(node.rightOperand)
        case "||":
            never(node.leftOperand)
            never(node.rightOperand)
        case "<", "<=", ">", ">=":
            guard let other = shifted[symbol.text] else { break }
            let number = note(node, "bound shifted")
            add(node, "Mutants.compare(\(number), ", ", (\(symbol.text)), (\(other)))")
            replace(symbol, by: ",")
        default: break
        }
        return .visitChildren
    }

    override func visit(_ node: IntegerLiteralExprSyntax) -> SyntaxVisitorContinueKind {
        guard node.isInFunction else { return .skipChildren }
        let number = note(node.parent ?? Syntax(node), "number \(node.literal.text) shifted")
        add(node, "Mutants.shift(\(number), ", ")")
        return .skipChildren
    }

    // MARK: Statements

    override func visit(_ node: CodeBlockItemSyntax) -> SyntaxVisitorContinueKind {
        guard let statement = node.item.as(ExprSyntax.self), node.mayBeLeftOut else { return .visitChildren }
        let isAssignment = statement.as(InfixOperatorExprSyntax.self).map { infix in
            infix.operator.is(AssignmentExprSyntax.self)
                || infix.operator.trimmedDescription.hasSuffix("=") && !infix.isCondition
        }
        guard statement.is(FunctionCallExprSyntax.self) || isAssignment == true else { return .visitChildren }
        if statement.setsFirstValue { return .visitChildren }
        let number = note(statement, "statement removed")
        add(statement, "if Mutants.isOff(\(number)) { ", " }")
        return .visitChildren
    }

    // MARK: Edits

    private func conditions(_ list: ConditionElementListSyntax) {
        // The list is outside of its elements.
        never(list)
        for element in list {
            if case .expression(let condition) = element.condition { always(condition) }
        }
    }

    private func never(_ list: ConditionElementListSyntax) {
        let number = note(list, "never")
        add(list, "", ", Mutants.isOff(\(number))")
    }

    private func always(_ condition: ExprSyntax) {
        let number = note(condition, "always")
        add(condition, "(Mutants.isOn(\(number)) || (", "))")
    }

    private func never(_ condition: ExprSyntax) {
        let number = note(condition, "never")
        add(condition, "(Mutants.isOff(\(number)) && (", "))")
    }

    private func negate(_ condition: ExprSyntax) {
        let number = note(condition, "negated")
        add(condition, "(Mutants.isOn(\(number)) != (", "))")
    }

    private func note(_ node: some SyntaxProtocol, _ change: String) -> Int {
        let line = locations.location(for: node.positionAfterSkippingLeadingTrivia).line
        let words = node.trimmedDescription.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        mutants.append((line, change, words))
        return first + mutants.count - 1
    }

    private func add(_ node: some SyntaxProtocol, _ before: String, _ after: String) {
        edits.append(Edit(start: node.start, end: node.end, before: before, after: after))
    }

    private func replace(_ node: some SyntaxProtocol, by text: String) {
        edits.append(Edit(start: node.start, end: node.end, before: "", after: "", replacement: text))
    }
}

extension SyntaxProtocol {
    var start: Int { positionAfterSkippingLeadingTrivia.utf8Offset }
    var end: Int { endPositionBeforeTrailingTrivia.utf8Offset }

    var isInFunction: Bool {
        var node = parent
        while let inner = node {
            if inner.is(ExpressionPatternSyntax.self) { return false }
            if inner.is(CodeBlockItemListSyntax.self) { return !inner.isOfFile }
            node = inner.parent
        }
        return false
    }

    private var isOfFile: Bool { parent?.is(SourceFileSyntax.self) ?? false }
}

extension Collection {
    var only: Element? { count == 1 ? first : nil }
}

extension ExprSyntax {
    /// Whether its operator says that it is true or false.
    var isCondition: Bool {
        if let prefix = self.as(PrefixOperatorExprSyntax.self) { return prefix.operator.text == "!" }
        return self.as(InfixOperatorExprSyntax.self)?.isCondition ?? false
    }
}

extension ExprSyntax {
    /// Whether it gives a variable of its function the first value.
    var setsFirstValue: Bool {
        guard let target = self.as(InfixOperatorExprSyntax.self)?.leftOperand.trimmedDescription else {
            return false
        }
        var node = parent
        while let inner = node {
            for item in inner.as(CodeBlockItemListSyntax.self) ?? [] {
                for binding in item.item.as(VariableDeclSyntax.self)?.bindings ?? []
                where binding.pattern.trimmedDescription == target {
                    return binding.initializer == nil
                }
            }
            node = inner.parent
        }
        return false
    }
}

extension InfixOperatorExprSyntax {
    var isCondition: Bool {
        ["&&", "||", "==", "!=", "<", "<=", ">", ">="].contains(self.operator.trimmedDescription)
    }
}

extension ClosureExprSyntax {
    /// Whether the function that takes it takes a condition.
    var isPredicate: Bool {
        let takers = [
            "filter", "allSatisfy", "contains", "first", "last", "firstIndex", "prefix", "drop", "count",
        ]
        guard let call = parent?.as(FunctionCallExprSyntax.self) else { return false }
        return call.calledExpression.as(MemberAccessExprSyntax.self).map {
            takers.contains($0.declName.baseName.text)
        } ?? false
    }
}

extension CodeBlockItemSyntax {
    /// Whether it is a statement of its own, and nothing else needs it: no value of its block, no first value of
    /// a property.
    var mayBeLeftOut: Bool {
        guard let list = parent?.as(CodeBlockItemListSyntax.self) else { return false }
        if list.last?.id != id { return !isInInitializer }
        var node = list.parent
        while let inner = node {
            if inner.is(ForStmtSyntax.self) || inner.is(WhileStmtSyntax.self) { return !isInInitializer }
            if let function = inner.as(FunctionDeclSyntax.self) {
                return function.signature.returnClause == nil
            }
            if let item = inner.as(CodeBlockItemSyntax.self) { return item.mayBeLeftOut }
            if inner.is(ClosureExprSyntax.self) || inner.is(AccessorBlockSyntax.self) { return false }
            if inner.is(InitializerDeclSyntax.self) { return false }
            node = inner.parent
        }
        return false
    }

    private var isInInitializer: Bool {
        var node = parent
        while let inner = node {
            if inner.is(InitializerDeclSyntax.self) { return true }
            if inner.is(FunctionDeclSyntax.self) { return false }
            node = inner.parent
        }
        return false
    }
}

/// The text with the edits; those that share a place nest as they were added, the first outside.
func apply(_ edits: [Edit], to source: String) -> String {
    let bytes = Array(source.utf8)
    var before: [Int: [(order: Int, edit: Edit)]] = [:]
    var after: [Int: [(order: Int, edit: Edit)]] = [:]
    var replaced: [Int: Edit] = [:]
    for (order, edit) in edits.enumerated() {
        if edit.replacement != nil { replaced[edit.start] = edit }
        before[edit.start, default: []].append((order, edit))
        after[edit.end, default: []].append((order, edit))
    }
    var text: [UInt8] = []
    var place = 0
    while place <= bytes.count {
        for (_, edit) in (after[place] ?? []).sorted(by: {
            ($1.edit.start, $1.order) < ($0.edit.start, $0.order)
        }) {
            text += edit.after.utf8
        }
        for (_, edit) in (before[place] ?? []).sorted(by: {
            ($1.edit.end, $0.order) < ($0.edit.end, $1.order)
        }) {
            text += edit.before.utf8
        }
        if let edit = replaced[place], let replacement = edit.replacement {
            text += replacement.utf8
            place = edit.end
        } else {
            if place < bytes.count { text.append(bytes[place]) }
            place += 1
        }
    }
    return String(decoding: text, as: UTF8.self)
}

let switches = """
    import Foundation

    enum Mutants {
        private static let active = ProcessInfo.processInfo.environment["AMIWATCH_MUTANT"].flatMap { Int($0) } ?? 0

        static func isOn(_ number: Int) -> Bool { number == active }
        static func isOff(_ number: Int) -> Bool { number != active }

        static func shift<Number: BinaryInteger>(_ number: Int, _ value: Number) -> Number {
            number == active ? value + 1 : value
        }

        static func compare<Value: Comparable>(
            _ number: Int,
            _ left: Value,
            _ right: Value,
            _ sound: (Value, Value) -> Bool,
            _ mutated: (Value, Value) -> Bool
        ) -> Bool { number == active ? mutated(left, right) : sound(left, right) }
    }

    """

guard CommandLine.arguments.count == 3 else { fatalError("mutate FOLDER LIST") }
let folder = CommandLine.arguments[1]
let names = (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? [])
    .filter { $0.hasSuffix(".swift") && $0.contains("/") }.sorted()
var list = ""
var next = 1
for name in names {
    let path = "\(folder)/\(name)"
    let source = try String(contentsOfFile: path, encoding: .utf8)
    let tree = try OperatorTable.standardOperators.foldAll(Parser.parse(source: source)).cast(
        SourceFileSyntax.self
    )
    let mutator = Mutator(tree, first: next)
    for (number, mutant) in mutator.mutants.enumerated() {
        list += "\(next + number)\t\(name)\t\(mutant.line)\t\(mutant.change)\t\(mutant.text)\n"
    }
    next += mutator.mutants.count
    try apply(mutator.edits, to: source).write(toFile: path, atomically: true, encoding: .utf8)
}
try list.write(toFile: CommandLine.arguments[2], atomically: true, encoding: .utf8)
try switches.write(toFile: "\(folder)/Mutants.swift", atomically: true, encoding: .utf8)
