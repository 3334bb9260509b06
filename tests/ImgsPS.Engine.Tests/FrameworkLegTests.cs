using System;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using ImgsPS.Engine.Tests.Reliability;
using Xunit;

namespace ImgsPS.Engine.Tests;

/// <summary>The leg on .NET Framework: what it leaves out under mono, and how little of the code it splits.</summary>
public sealed class FrameworkLegTests
{
    private static readonly string[] LeftOut =
    [
        "ConnectionGuardTests.Name_below_localhost_is_this_machine_only_when_it_resolves_to_it",
        "ConnectionGuardTests.Realm_of_a_token_service_is_judged_by_its_address",
        "ConnectionGuardTests.Redirect_to_a_name_of_this_machine_is_not_connected_to",
        "ConnectionTests.A_certificate_that_is_not_trusted_is_an_error_of_tls",
        "ConnectionTests.Tls_to_a_server_without_it_is_an_error_in_dockers_words",
        "ContentCodingTests.A_coding_that_is_only_said_changes_nothing_FF13",
        "CredentialHelperTests.A_file_that_is_no_program_is_an_error",
        "CredentialStateTests.Nothing_holds_on_to_given_credentials_after_their_command",
        "DamageTests.Damage_is_found_and_a_repair_makes_all_whole_RS7",
        "DamageTests.Whatever_is_asked_is_answered_rightly_or_not_at_all_RS3_RS7",
        "DockerDialerTests.A_file_that_is_no_socket_is_told",
        "DockerDialerTests.A_path_that_is_too_long_for_a_socket_is_told",
        "DockerDialerTests.A_pipe_is_connected",
        "DockerDialerTests.A_pipe_of_ones_own_is_no_strangers",
        "DockerDialerTests.A_pipe_that_is_not_there_is_told",
        "DockerDialerTests.A_socket_is_connected",
        "DockerDialerTests.A_socket_that_nobody_listens_on_is_told",
        "DockerDialerTests.A_socket_without_rights_is_denied_in_dockers_words",
        "DockerDialerTests.A_Docker_Engine_that_is_not_there_is_told_with_the_address_and_its_source",
        "ManifestTests.Headers_without_measure_are_refused",
        "ProxyTests.A_proxy_that_refuses_what_it_got_is_told_as_such",
        "ProxyTests.A_proxy_that_wants_credentials_gets_none_and_the_error_names_the_switches",
        "PushTests.Location_goes_back_with_escapes_that_it_does_not_need_PU5",
        "RepairTests.No_flipped_byte_of_index_or_catalog_makes_a_list_lie",
        "TlsProbeTests.A_server_with_tls_is_never_asked_without_and_its_certificate_is_told_at_once_FF15",
        "TlsProbeTests.Tls_alone_is_no_fall_back_FF15",
        "TlsProbeTests.A_server_that_is_another_by_now_is_looked_at_again_FF15",
        "behaviour rn07-no-tls",
        "behaviour rn07-self-signed",
        "behaviour rn07-tls-on-loopback",
        "behaviour rn13-10000",
        "behaviour rn13-70-kib",
        "behaviour rn13-blob",
        "behaviour rn13-endless",
        "behaviour rn17-not-http",
    ];

    // A list to be read before it grows: whatever stands here is proven on .NET alone.
    [Fact]
    public void Tests_left_out_under_mono_are_these()
    {
        var tests = typeof(FrameworkLegTests).Assembly.GetTypes().SelectMany(type => type.GetMethods())
            .Where(method => method.GetCustomAttribute<NotUnderMonoAttribute>() is not null)
            .Select(method => method.DeclaringType!.Name + "." + method.Name);
        var rows = BehaviourCase.All.Where(row => row.NoMono is not null).Select(row => "behaviour " + row.Name);
        Assert.Equal(LeftOut.OrderBy(name => name, StringComparer.Ordinal), tests.Concat(rows).Distinct().OrderBy(name => name, StringComparer.Ordinal));
    }

    [Fact]
    public void Reasons_are_given() => Assert.All(
        typeof(FrameworkLegTests).Assembly.GetTypes().SelectMany(type => type.GetMethods())
            .Select(method => method.GetCustomAttribute<NotUnderMonoAttribute>()?.Reason).Where(reason => reason is not null),
        reason => Assert.True(reason!.Length > 10, reason));

    // What is for one framework alone stands in Framework/ or in an X.Net.cs, where a compiler and a reader see it whole.
    [Fact]
    public void Few_lines_of_the_source_are_for_one_framework_alone()
    {
        var root = typeof(FrameworkLegTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .First(a => a.Key == "RepositoryRoot").Value!;
        var found = Directory.GetFiles(Path.Combine(root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !Regex.IsMatch(file, @"[\\/](obj|bin|Framework)[\\/]"))
            .SelectMany(file => Conditional(File.ReadAllLines(file)).Select(line => Path.GetFileName(file) + ": " + line)).ToArray();
        Assert.True(found.Length < 40, string.Join("\n", found));
    }

    [Fact]
    public void Conditional_lines_are_the_directives_and_what_they_hold() => Assert.Equal(
        ["#if A", "b", "#else", "  #if C", "d", "  # endif", "#endif"],
        Conditional(["x", "#if A", "b", "#else", "  #if C", "d", "  # endif", "#endif", "#pragma y", "// #if"]));

    private static string[] Conditional(string[] lines)
    {
        var depth = 0;
        return lines.Where(line =>
        {
            var begins = Regex.IsMatch(line, @"^\s*#\s*if\b");
            var ends = Regex.IsMatch(line, @"^\s*#\s*endif\b");
            depth += begins ? 1 : 0;
            var inside = depth > 0;
            depth -= ends ? 1 : 0;
            return inside;
        }).ToArray();
    }
}
