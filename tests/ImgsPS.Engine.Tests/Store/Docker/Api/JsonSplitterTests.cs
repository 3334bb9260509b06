using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using FsCheck;
using FsCheck.Fluent;
using ImgsPS.Stores.Docker;
using Xunit;
using static ImgsPS.Engine.Tests.Store.Docker.Api.DockerClients;
using Step = ImgsPS.Engine.Tests.Store.Docker.Api.ScriptedServer.Step;

namespace ImgsPS.Engine.Tests.Store.Docker.Api;

/// <summary>Streams of JSON documents.</summary>
public sealed class JsonSplitterTests
{
    [Fact]
    public void Documents_come_whole_and_at_once_however_they_are_split()
    {
        var documents = Gen.Elements(
            "{}", "[]", "{\"a\":\"}\"}", "{\"a\":\"\\\"{\\\\\"}", "[[],{\"b\":[1,2]}]", "{\"ü\":\"€😀\"}",
            "{\"long\":\"" + new string('x', 9000) + "\"}");
        Prop.ForAll(
            (from all in Gen.ListOf(documents)
             from separator in Gen.Elements("", "\n", "\r\n", " \t ")
             from sizes in Gen.NonEmptyListOf(Gen.Choose(1, 300))
             select (All: all.ToArray(), Separator: separator, Sizes: sizes.ToArray())).ToArbitrary(),
            sample =>
            {
                var text = Encoding.UTF8.GetBytes(string.Concat(sample.All.Select(d => sample.Separator + d)));
                var ends = new List<int>();
                foreach (var document in sample.All)
                {
                    ends.Add((ends.Count == 0 ? 0 : ends[^1]) + Encoding.UTF8.GetByteCount(sample.Separator + document));
                }

                var splitter = new JsonSplitter(16 * 1024);
                var found = new List<string>();
                for (int given = 0, i = 0; given < text.Length; i++)
                {
                    var space = splitter.Space();
                    var count = Math.Min(Math.Min(space.Count, sample.Sizes[i % sample.Sizes.Length]), text.Length - given);
                    Array.Copy(text, given, space.Array!, space.Offset, count);
                    given += count;
                    splitter.Filled(count);
                    while (splitter.TryNext(out var document))
                    {
                        found.Add(Encoding.UTF8.GetString(document));
                    }

                    // None is held back for later bytes.
                    Assert.Equal(ends.Count(e => e <= given), found.Count);
                }

                Assert.Equal(sample.All, found);
                Assert.False(splitter.IsInside);
            }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("1")]
    [InlineData("{}x")]
    [InlineData("]")]
    public void What_begins_no_document_is_an_error(string text)
    {
        var splitter = new JsonSplitter(100);
        Encoding.UTF8.GetBytes(text).CopyTo(splitter.Space().AsSpan());
        splitter.Filled(text.Length);
        Assert.Throws<JsonException>(() =>
        {
            while (splitter.TryNext(out _))
            {
            }
        });
    }

    [Theory]
    [InlineData("{\"a\":1}{\"b\"", ImageErrorKind.StoreUnavailable)]
    [InlineData("{\"a\":1}[", ImageErrorKind.StoreUnavailable)]
    [InlineData("{\"a\":1}{'b'}", ImageErrorKind.InvalidData)]
    [InlineData("{\"a\":1}[}", ImageErrorKind.InvalidData)]
    [InlineData("{\"a\":1}error", ImageErrorKind.InvalidData)]
    public async Task Stream_that_ends_inside_a_document_is_not_complete(string body, ImageErrorKind kind)
    {
        using var server = ScriptedServer.Always(ScriptedServer.Json(body));
        using var client = Create(server, Http.Sockets);
        Assert.Equal(kind, (await Assert.ThrowsAsync<ImageException>(() => client.ReadStreamAsync())).Kind);
    }

    [Theory]
    [InlineData(Http.Sockets)]
    [InlineData(Http.Stream)]
    public async Task Long_stream_of_messages_is_read_in_pieces(Http http)
    {
        var pieces = Enumerable.Range(0, 200).Select(i => $"{{\"id\":{i}}}" + (i % 2 == 0 ? "\r\n" : "")).ToArray();
        using var server = new ScriptedServer(head => head.Contains("_ping") ? new Step(ScriptedServer.Ping)
            : new Step(["HTTP/1.1 200 OK\r\n\r\n", .. pieces]) { Close = true });
        using var client = Create(server, http);
        Assert.Equal(pieces.Select(p => p.Trim()), await client.ReadStreamAsync());
    }
}
