using System.IO;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// What came is not HTTP/1.1, or beyond a limit. Never leaves the client; there it becomes an <see cref="ImageException"/>.
/// </summary>
internal sealed class HttpFormatException(string message) : IOException(message);
