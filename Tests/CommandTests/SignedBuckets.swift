import Foundation
import KafkaTestSupport

/// Buckets with digests that a script signs with keys of its own; in each but `intact` one thing is changed.
enum SignedBuckets {
    /// Where the script has written, once for all tests.
    static var folder: String { get throws { try written.get() } }

    private static let written = Result { () throws -> String in
        let folder = Binary.checkout.appending(path: ".build/verify-buckets").path
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/verify/make-bucket.py").path
        let result = try runCommand(["python3", script, folder])
        guard result.status == 0 else { throw Failed(text: result.errors) }
        return folder
    }

    private struct Failed: Error { let text: String }
}
