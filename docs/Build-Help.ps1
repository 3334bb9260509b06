<#
.SYNOPSIS
Makes MAML help of the cmdlets' pages with Microsoft.PowerShell.PlatyPS 1.x. build.ps1 starts it in a child process, since platyPS
loads YamlDotNet.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Pages,
    [Parameter(Mandatory)] [string] $Target
)

$ErrorActionPreference = 'Stop'
Import-Module -Name Microsoft.PowerShell.PlatyPS -MinimumVersion 1.0.0 -MaximumVersion 1.999.999

# Puts right what Get-Help would show as platyPS leaves it: Markdown's fences and quotes, links to Markdown files, parameters without
# defaults.
function ConvertTo-PlainHelp {
    param([string] $Path, [object[]] $Commands, [string] $Destination)

    $xml = [System.Xml.XmlDocument]::new()
    $xml.Load($Path)
    $names = [System.Xml.XmlNamespaceManager]::new($xml.NameTable)
    $names.AddNamespace('maml', 'http://schemas.microsoft.com/maml/2004/10')
    $names.AddNamespace('command', 'http://schemas.microsoft.com/maml/dev/command/2004/10')
    $names.AddNamespace('dev', 'http://schemas.microsoft.com/maml/dev/2004/10')
    function Add-Text([System.Xml.XmlNode] $To, [string] $Text, [string] $Prefix = 'maml', [string] $Name = 'para') {
        $To.AppendChild($xml.CreateElement($Prefix, $Name, $names.LookupNamespace($Prefix))).InnerText = $Text
    }

    # Code and output go where Get-Help shows code.
    foreach ($example in @($xml.SelectNodes('//command:example', $names))) {
        $introduction = $example.SelectSingleNode('maml:introduction', $names)
        $remarks = $example.SelectSingleNode('dev:remarks', $names)
        $blocks = @()
        foreach ($text in @($introduction.SelectNodes('maml:para', $names) | ForEach-Object { $_.InnerText })) {
            if ($text -match '(?s)^```\w*\r?\n(.*?)\r?\n?```$') {
                $blocks += $Matches[1]
            } elseif ($text.Trim([char]0x80, [char]' ') -ne '') {
                Add-Text $remarks $text
            }
        }

        $introduction.RemoveAll()
        $example.SelectSingleNode('dev:code', $names).InnerText = $blocks -join "`n`n"

        # Get-Help puts no line between one example and the next.
        Add-Text $remarks ''
    }

    foreach ($text in @($xml.SelectNodes("//maml:para[contains(., '`n`n')]", $names))) {
        $parent = $text.ParentNode
        [void]$parent.RemoveChild($text)
        $text.InnerText -split '\n\s*\n' | ForEach-Object { Add-Text $parent $_.Trim() }
    }

    foreach ($paragraph in @($xml.SelectNodes('//maml:para', $names))) {
        $paragraph.InnerText = $paragraph.InnerText -replace '`([^`]+)`', "'`$1'"
    }

    foreach ($command in $Commands) {
        foreach ($parameter in @($command.Parameters | Where-Object DefaultValue)) {
            $path = "//command:command[command:details/command:name='{0}']/command:parameters/command:parameter[maml:name='{1}']"
            Add-Text $xml.SelectSingleNode(($path -f $command.Title, $parameter.Name), $names) $parameter.DefaultValue dev defaultValue
        }
    }

    foreach ($link in @($xml.SelectNodes('//maml:navigationLink', $names))) {
        $address = $link.SelectSingleNode('maml:uri', $names)
        if ($address.InnerText -eq '' -and $link.SelectSingleNode('maml:linkText', $names).InnerText -eq 'Online Version') {
            [void]$link.ParentNode.RemoveChild($link)
        } elseif ($address.InnerText -notmatch '^https?://') {
            $address.InnerText = ''
        }
    }

    if ($xml.OuterXml.Contains('```')) {
        throw "$Path still has Markdown's code fences in it."
    }

    $settings = [System.Xml.XmlWriterSettings]::new()
    $settings.Indent = $true
    $settings.NewLineChars = "`n"
    $settings.Encoding = [System.Text.UTF8Encoding]::new($false)
    $writer = [System.Xml.XmlWriter]::Create($Destination, $settings)
    try {
        $xml.Save($writer)
    } finally {
        $writer.Dispose()
    }

    [System.IO.File]::AppendAllText($Destination, "`n")
}

$files = @(Get-ChildItem -Path $Pages -Filter *-*.md)
if ($files.Count -eq 0) {
    throw "There are no cmdlet pages in $Pages."
}

# platyPS writes into a folder named for the module.
$folder = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), [System.IO.Path]::GetRandomFileName())
try {
    $commands = @(Import-MarkdownCommandHelp -Path $files.FullName)
    $made = $commands | Export-MamlCommandHelp -OutputFolder $folder -Force
    $to = (New-Item -Path $Target -ItemType Directory -Force).FullName
    $made | ForEach-Object {
        ConvertTo-PlainHelp -Path $_.FullName -Commands $commands -Destination ([System.IO.Path]::Combine($to, $_.Name))
    }
    Write-Host ('Help of {0} cmdlets: {1}' -f $files.Count, (($made | ForEach-Object { $_.Name }) -join ', '))
} finally {
    if (Test-Path -LiteralPath $folder) {
        Remove-Item -LiteralPath $folder -Recurse
    }
}
