/// A request for something to read.
package struct HTTPRequest: Sendable {
    /// The path with its escapes resolved, without the query: `/api/status`.
    package let path: String
    /// The parameters of the query, in their order.
    package let parameters: [(name: String, value: String)]
    /// The headers, in their order; names as they came.
    package let headers: [(name: String, value: String)]
    /// Whether the client has shown a certificate that one of the server's authorities for clients has signed.
    package let isClientKnown: Bool

    package init(
        path: String,
        parameters: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [],
        isClientKnown: Bool = false
    ) {
        (self.path, self.parameters, self.headers) = (path, parameters, headers)
        self.isClientKnown = isClientKnown
    }

    /// The first value of a parameter of the query.
    package func query(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// The first value of a header, whose name has no case.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// An answer.
package struct HTTPResponse: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    /// An answer with a body of some type (`application/json`).
    package init(
        status: Int = 200,
        contentType: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8]
    ) {
        (self.status, self.body) = (status, body)
        self.headers = [(name: "Content-Type", value: contentType)] + headers
    }

    /// A line of text.
    package init(status: Int, _ text: String, headers: [(name: String, value: String)] = []) {
        self.init(
            status: status,
            contentType: "text/plain; charset=utf-8",
            headers: headers,
            body: Array("\(text)\n".utf8)
        )
    }
}

/// What a request leads to.
package enum HTTPAnswer: Sendable {
    case now(HTTPResponse)
    /// The closure is called once, with what takes the answer, from any thread; only the first answer counts.
    case later(@Sendable (_ complete: @escaping @Sendable (HTTPResponse) -> Void) -> Void)
}

/// What answers requests for some paths.
package protocol HTTPResponder: Sendable {
    /// Called on the server's only thread, which it must not hold up; nil for a path that it does not have.
    func answer(_ request: HTTPRequest) -> HTTPAnswer?
}
