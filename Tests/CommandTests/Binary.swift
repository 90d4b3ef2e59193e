import Foundation
import KafkaTestSupport

/// The program that was built beside the tests.
enum Binary {
    static let path = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "amiwatch").path

    /// The top of the checkout.
    static let checkout = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL

    /// Runs the program to its end.
    static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> CommandResult {
        try runCommand([path] + arguments, environment: environment)
    }

    /// Runs a script of bash in which `$0` is the program.
    static func script(_ text: String) throws -> CommandResult {
        try runCommand(["bash", "-c", text, path])
    }
}
