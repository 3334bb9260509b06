using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using ImgsPS.Stores.Archive;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Archive;

/// <summary>The instructions that docker import allows for an image of a tree of files (AR17).</summary>
public class ConfigChangesTests
{
    private static readonly JsonNode s_recorded =
        JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "data", "import-changes.json")))!;

    public static IEnumerable<object[]> Recorded => s_recorded["cases"]!.AsArray()
        .Select((one, index) => new object[] { index, one!["changes"]!.ToJsonString() });

    /// <summary>tests/data/import-changes.json: what a dockerd 20.10.24 made of the same changes.</summary>
    [Theory]
    [MemberData(nameof(Recorded))]
    public void Changes_make_the_config_that_dockerd_made_of_them_or_are_refused_as_there_AR17(int index, string changes)
    {
        var expected = s_recorded["cases"]![index]!["config"];
        var texts = JsonNode.Parse(changes)!.AsArray().Select(text => (string)text!).ToArray();
        if (expected is null)
        {
            Assert.Equal(
                ImageErrorKind.InvalidArgument,
                Assert.Throws<ImageException>(() => ConfigChanges.Parse(texts, isWindows: false)).Kind);
            return;
        }

        Assert.Equal(Sorted(expected)!.ToJsonString(), Sorted(ConfigOf(texts, isWindows: false)["config"])!.ToJsonString());
    }

    public static TheoryData<string, string> Changes => new()
    {
        { "CMD [\"/app\", \"-x\"]", "{\"Cmd\":[\"/app\",\"-x\"]}" },
        { "cmd echo $HOME \"a b\"", "{\"Cmd\":[\"/bin/sh\",\"-c\",\"echo $HOME \\u0022a b\\u0022\"]}" },
        { "CMD [not json", "{\"Cmd\":[\"/bin/sh\",\"-c\",\"[not json\"]}" },
        { "CMD []", "{\"Cmd\":[]}" },
        { "  ENTRYPOINT   [ \"/a\" ]  ", "{\"Entrypoint\":[\"/a\"]}" },
        { "ENTRYPOINT run", "{\"Entrypoint\":[\"/bin/sh\",\"-c\",\"run\"]}" },
        { "ENV A=1 B=\"x y\" C='p q' D=p\\ q E=", "{\"Env\":[\"A=1\",\"B=x y\",\"C=p q\",\"D=p q\",\"E=\"]}" },
        { "ENV A one two  three", "{\"Env\":[\"A=one two  three\"]}" },
        { "ENV A=1\nENV A=2", "{\"Env\":[\"A=2\"]}" },
        { "ENV A=1\nENV B=$A/x C=${A}y D=${N:-d} E=\\$A F='$A' G=$N.",
            "{\"Env\":[\"A=1\",\"B=1/x\",\"C=1y\",\"D=d\",\"E=$A\",\"F=$A\",\"G=.\"]}" },
        { "EXPOSE 80 53/udp 8000-8002",
            "{\"ExposedPorts\":{\"53/udp\":{},\"80/tcp\":{},\"8000/tcp\":{},\"8001/tcp\":{},\"8002/tcp\":{}}}" },
        { "HEALTHCHECK NONE", "{\"Healthcheck\":{\"Test\":[\"NONE\"]}}" },
        { "HEALTHCHECK --interval=5s --timeout=1m --retries=3 CMD curl x",
            "{\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"curl x\"],\"Interval\":5000000000,\"Timeout\":60000000000,\"Retries\":3}}" },
        { "HEALTHCHECK --start-period=1s CMD [\"/c\"]", "{\"Healthcheck\":{\"Test\":[\"CMD\",\"/c\"],\"StartPeriod\":1000000000}}" },
        { "LABEL a=1 \"b c\"=\"d e\"", "{\"Labels\":{\"a\":\"1\",\"b c\":\"d e\"}}" },
        { "ONBUILD RUN x", "{\"OnBuild\":[\"RUN x\"]}" },
        { "STOPSIGNAL SIGTERM", "{\"StopSignal\":\"SIGTERM\"}" },
        { "STOPSIGNAL 9", "{\"StopSignal\":\"9\"}" },
        { "ENV S=rtmin+15\nstopsignal sig$S", "{\"Env\":[\"S=rtmin+15\"],\"StopSignal\":\"sigrtmin+15\"}" },
        { "STOPSIGNAL RTMAX-14", "{\"StopSignal\":\"RTMAX-14\"}" },
        { "HEALTHCHECK --start-interval=2s CMD x", "{\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"x\"],\"StartInterval\":2000000000}}" },
        { "USER app:app", "{\"User\":\"app:app\"}" },
        { "VOLUME /a /b", "{\"Volumes\":{\"/a\":{},\"/b\":{}}}" },
        { "VOLUME [\"/a b\"]", "{\"Volumes\":{\"/a b\":{}}}" },
        { "WORKDIR /a\nWORKDIR b\nWORKDIR ../c", "{\"WorkingDir\":\"/a/c\"}" },
        { "# nothing\n\nCMD \\\n x", "{\"Cmd\":[\"/bin/sh\",\"-c\",\"x\"]}" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void Change_is_taken_as_docker_takes_it_AR17(string change, string expected) => Assert.Equal(
        JsonNode.Parse(expected)!.ToJsonString(), ConfigOf(change, isWindows: false)["config"]!.ToJsonString());

    [Fact]
    public void Shell_of_windows_is_another() =>
        Assert.Equal("[\"cmd\",\"/S\",\"/C\",\"dir\"]", ConfigOf("CMD dir", isWindows: true)["config"]!["Cmd"]!.ToJsonString());

    // The comments of docker's normalizeWorkdir for Windows.
    [Theory]
    [InlineData("a", @"C:\a")]
    [InlineData(@"c:\\foo", @"C:\foo")]
    [InlineData(@"\\foo", @"C:\foo")]
    [InlineData("/foo", @"C:\foo")]
    [InlineData("/foo/../bar/.", @"C:\bar")]
    [InlineData("c:\\\\foo\nWORKDIR bar", @"C:\foo\bar")]
    [InlineData("C:/foo\nWORKDIR bar", @"C:\foo\bar")]
    [InlineData("C:/foo\nWORKDIR \\\\bar", @"C:\bar")]
    [InlineData("/foo\nWORKDIR d:/bar\nWORKDIR ..\\\\b", @"D:\b")]
    [InlineData("c:/", @"C:\")]
    public void Working_folder_of_windows_is_joined_as_docker_joins_it_there_AR17(string path, string expected) =>
        Assert.Equal(expected, (string)ConfigOf("WORKDIR " + path, isWindows: true)["config"]!["WorkingDir"]!);

    [Theory]
    [InlineData("C:")]
    [InlineData("c:.")]
    public void Drive_without_a_folder_is_no_working_folder_AR17(string path) => Assert.Contains(
        "is not a directory",
        Assert.Throws<ImageException>(() => ConfigChanges.Parse(["WORKDIR " + path], isWindows: true)).Message, StringComparison.Ordinal);

    [Fact]
    public void Variables_of_windows_are_the_same_in_any_case() => Assert.Equal(
        "[\"path=b\",\"X=b\"]",
        ConfigOf("ENV Path=a\nENV path=b\nENV X=$PATH", isWindows: true)["config"]!["Env"]!.ToJsonString());

    [Theory]
    [InlineData("RUN x", "run is not a valid change command")]
    [InlineData("FROM scratch", "from is not a valid change command")]
    [InlineData("COPY a b", "copy is not a valid change command")]
    [InlineData("MAINTAINER me", "maintainer is not a valid change command")]
    [InlineData("nonsense", "nonsense is not a valid change command")]
    [InlineData("CMD [1]", "arrays must be comprised of strings only")]
    [InlineData("ENV", "ENV requires at least one argument")]
    [InlineData("ENV A", "ENV must have two arguments")]
    [InlineData("ENV A=1 B", "can't find = in \"B\"")]
    [InlineData("ENV =1", "ENV names can not be blank")]
    [InlineData("ENV A=\"x", "looking for matching double-quote")]
    [InlineData("ENV A=${B", "'}' is missing")]
    [InlineData("ENV A=${}", "bad substitution")]
    [InlineData("LABEL", "LABEL requires at least one argument")]
    [InlineData("LABEL a", "LABEL must have two arguments")]
    [InlineData("EXPOSE", "EXPOSE requires at least one argument")]
    [InlineData("EXPOSE x", "invalid containerPort: x")]
    [InlineData("EXPOSE 65536", "invalid containerPort: 65536")]
    [InlineData("EXPOSE 80/x", "invalid proto: x")]
    [InlineData("EXPOSE 9-1", "invalid range format")]
    [InlineData("HEALTHCHECK", "HEALTHCHECK requires at least one argument")]
    [InlineData("HEALTHCHECK NONE x", "takes no arguments")]
    [InlineData("HEALTHCHECK CMD", "Missing command after HEALTHCHECK CMD")]
    [InlineData("HEALTHCHECK RUN x", "Unknown type \"RUN\" in HEALTHCHECK")]
    [InlineData("HEALTHCHECK --interval=x CMD x", "invalid duration \"x\"")]
    [InlineData("HEALTHCHECK --retries=x CMD x", "--retries must be at least 1")]
    [InlineData("HEALTHCHECK --evil=1 CMD x", "Unknown flag: evil")]
    [InlineData("ONBUILD", "ONBUILD requires at least one argument")]
    [InlineData("ONBUILD ONBUILD RUN x", "isn't allowed")]
    [InlineData("ONBUILD FROM x", "FROM isn't allowed as an ONBUILD trigger")]
    [InlineData("STOPSIGNAL x", "invalid signal: x")]
    [InlineData("STOPSIGNAL 99", "invalid signal: 99")]
    [InlineData("STOPSIGNAL", "STOPSIGNAL requires exactly one argument")]
    [InlineData("USER", "USER requires exactly one argument")]
    [InlineData("VOLUME", "VOLUME requires at least one argument")]
    [InlineData("VOLUME []", "VOLUME requires at least one argument")]
    [InlineData("VOLUME [\"\"]", "VOLUME specified can not be an empty string")]
    [InlineData("WORKDIR", "WORKDIR requires exactly one argument")]
    [InlineData("STOPSIGNAL SIGRTMIN+16", "invalid signal: SIGRTMIN+16")]
    [InlineData("STOPSIGNAL RTMAX-15", "invalid signal: RTMAX-15")]
    [InlineData("STOPSIGNAL RTMIN+x", "invalid signal: RTMIN+x")]
    [InlineData("STOPSIGNAL $NONE", "invalid signal: ")]
    [InlineData("STOPSIGNAL 0", "invalid signal: 0")]
    [InlineData("STOPSIGNAL -9", "invalid signal: -9")]
    [InlineData("STOPSIGNAL --x TERM", "Unknown flag: x")]
    [InlineData("", "file with no instructions")]
    [InlineData("# nothing", "file with no instructions")]
    public void Change_that_is_none_is_refused_in_dockers_words_AR17(string change, string message)
    {
        var failure = Assert.Throws<ImageException>(() => ConfigChanges.Parse([change], isWindows: false));

        Assert.Equal(ImageErrorKind.InvalidArgument, failure.Kind);
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.Advice);
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    [InlineData(100_000, false)]
    public void Variables_in_one_another_end_at_a_hundred(int depth, bool isTaken)
    {
        var change = "ENV A=" + string.Concat(Enumerable.Repeat("${N:-", depth)) + "x" + new string('}', depth);

        if (isTaken)
        {
            Assert.Equal("A=x", (string)ConfigOf(change, isWindows: false)["config"]!["Env"]![0]!);
            return;
        }

        Assert.Contains(
            "more than 100 variables", Assert.Throws<ImageException>(() => ConfigOf(change, isWindows: false)).Message,
            StringComparison.Ordinal);
    }

    private static JsonNode ConfigOf(string change, bool isWindows) => ConfigOf([change], isWindows);

    private static JsonNode ConfigOf(string[] changes, bool isWindows) => JsonNode.Parse(ArchiveNames.Write(json =>
    {
        json.WriteStartObject();
        ConfigChanges.Parse(changes, isWindows).Write(json);
        json.WriteEndObject();
    }))!;

    private static JsonNode? Sorted(JsonNode? node) => node is not JsonObject members ? node?.DeepClone() : new JsonObject(
        members.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Key, Sorted(m.Value))));
}
