import Foundation
import KafkaTestSupport
import Testing

/// `amiwatch check` over the examples that we ship, as they stand.
struct ExampleCheckTests {
    @Test(
        "An example passes, with nothing to warn of",
        arguments: [("--config", "amiwatch.example.yaml"), ("--policy", "policy.example.yaml")]
    )
    func passes(option: String, name: String) throws {
        let path = Binary.checkout.appending(path: "Deploy/\(name)").path
        let result = try Binary.run("check", option, path)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        // The example's suppression ends one day, and is warned of from then on.
        let warnings = result.output.split(separator: "\n").filter { $0.contains(": warning: ") }
        #expect(warnings.allSatisfy { $0.contains("has expired") }, "\(result.output)")
    }
}
