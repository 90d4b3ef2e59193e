import CloudTrail
import CloudTrailTestSupport

/// Tests of calls in both dialects, in the shapes that AWS documents.
protocol CallReading {}

extension CallReading {
    static func call(
        _ name: String,
        _ request: String,
        _ response: String = "null",
        error: String? = nil
    ) -> Call? {
        RecordReader().gather(
            message: Samples.record(name, request: request, response: response, error: error)
        ).records
            .first?.call
    }

    /// Wraps request and response as the later operations have them.
    static func wrapped(
        _ name: String,
        _ request: String,
        _ response: String? = nil,
        error: String? = nil
    ) -> Call? {
        call(
            name,
            "{\"\(name)Request\":\(request)}",
            response.map {
                "{\"\(name)Response\":{\"xmlns\":\"http://ec2.amazonaws.com/doc/2016-11-15/\",\"requestId\":\"r\",\($0)}}"
            } ?? "null",
            error: error
        )
    }

    static var ami: ResourceID { Samples.image }
    static var amiText: String { "ami-0abcdef1234567890" }
    static func isUnreadable(_ call: Call?) -> Bool { if case .unreadable = call { true } else { false } }
}
