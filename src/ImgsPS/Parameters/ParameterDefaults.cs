using System;
using System.Collections;
using System.Linq;
using System.Management.Automation;

namespace ImgsPS.Parameters;

/// <summary>
/// Tells a value that the user wrote from one that <c>$PSDefaultParameterValues</c> gave. PowerShell itself does not say.
/// </summary>
internal static class ParameterDefaults
{
    /// <summary>True when the default values have this value for the parameter of the cmdlet that is running.</summary>
    public static bool Gave(PSCmdlet cmdlet, string parameter, string[] value)
    {
        if (cmdlet.GetVariableValue("PSDefaultParameterValues") is not IDictionary defaults
            || LanguagePrimitives.IsTrue(defaults["Disabled"]))
        {
            return false;
        }

        foreach (DictionaryEntry entry in defaults)
        {
            if (entry.Key is string key && Fits(key, cmdlet.MyInvocation.MyCommand.Name, parameter)
                && (entry.Value is ScriptBlock || LanguagePrimitives.ConvertTo<string[]>(entry.Value).SequenceEqual(value)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Fits(string key, string command, string parameter)
    {
        var colon = key.LastIndexOf(':');
        return colon > 0 && Matches(key.Substring(0, colon), command) && Matches(key.Substring(colon + 1), parameter);
    }

    private static bool Matches(string pattern, string name) =>
        WildcardPattern.Get(pattern.Trim().Trim('\'', '"'), WildcardOptions.IgnoreCase).IsMatch(name);
}
