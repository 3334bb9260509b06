using System;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace ImgsPS.Testing;

/// <summary>The messages of a pull in dockerd's shapes (U1), each a line that ends with CR LF.</summary>
internal sealed class PullProgress
{
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB"];
    private readonly StringBuilder _text = new();

    /// <summary>What was written so far.</summary>
    public byte[] Bytes => Encoding.UTF8.GetBytes(_text.ToString());

    /// <summary>True when a line was written: errors come inside the stream from then on.</summary>
    public bool IsStarted => _text.Length > 0;

    /// <summary>A line that is about no layer.</summary>
    public void Status(string status, string? id = null)
    {
        var line = new JsonObject { ["status"] = status };
        if (id is not null)
        {
            line["id"] = id;
        }

        Write(line);
    }

    /// <summary>A layer's new state.</summary>
    public void Layer(string id, string status) =>
        Write(new JsonObject { ["status"] = status, ["progressDetail"] = new JsonObject(), ["id"] = id });

    /// <summary>A layer's state with how far it is.</summary>
    public void Layer(string id, string status, long current, long total) => Write(new JsonObject
    {
        ["status"] = status,
        ["progressDetail"] = new JsonObject { ["current"] = current, ["total"] = total },
        ["progress"] = Bar(current, total),
        ["id"] = id,
    });

    /// <summary>The line that ends a failed pull.</summary>
    public void Error(string message) =>
        Write(new JsonObject { ["errorDetail"] = new JsonObject { ["message"] = message }, ["error"] = message });

    private static string Bar(long current, long total)
    {
        var done = total == 0 ? 0 : (int)Math.Min(50, current * 100 / total / 2);
        return $"[{new string('=', done)}>{new string(' ', 50 - done)}] {Size(current),8}/{Size(total)}";
    }

    /// <summary>Decimal units and four digits, as Go's <c>%.4g</c>.</summary>
    private static string Size(long bytes)
    {
        double size = bytes;
        var unit = 0;
        for (; size >= 1000 && unit < Units.Length - 1; unit++)
        {
            size /= 1000;
        }

        return size.ToString("G4", CultureInfo.InvariantCulture) + Units[unit];
    }

    private void Write(JsonObject line) => _text.Append(Escape(Json.Write(line))).Append("\r\n");

    /// <summary>Go's default escapes of HTML's characters.</summary>
    private static string Escape(string json) => json
        .Replace("<", "\\u003c", StringComparison.Ordinal)
        .Replace(">", "\\u003e", StringComparison.Ordinal)
        .Replace("&", "\\u0026", StringComparison.Ordinal);
}
