import HTTP
import Page

/// The page's own files, which are a part of the program and hold no data.
enum PageFiles {
    /// A file of the page; nil where there is none.
    static func response(to path: String) -> HTTPResponse? {
        guard let file = PageFile.named(path == "/" ? "index.html" : String(path.dropFirst("/page/".count))),
            path == "/" || path.hasPrefix("/page/")
        else { return nil }
        return HTTPResponse(contentType: file.contentType, headers: headers, body: file.bytes)
    }

    /// Nothing but the page's own files runs or is fetched, and nobody puts it into a frame.
    private static let headers: [(name: String, value: String)] = [
        (
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
                + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", "no-cache"),
    ]
}
