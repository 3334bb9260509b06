<#
.SYNOPSIS
Makes MAML help of the cmdlets' pages with Microsoft.PowerShell.PlatyPS 1.x. build.ps1 starts it in a child process, since platyPS loads YamlDotNet.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Pages,
    [Parameter(Mandatory)] [string] $Target
)

$ErrorActionPreference = 'Stop'
Import-Module -Name Microsoft.PowerShell.PlatyPS -MinimumVersion 1.0.0 -MaximumVersion 1.999.999

# platyPS leaves Markdown's fences and quotes in the text: code goes where Get-Help shows code, and what is quoted is quoted plainly.
function ConvertTo-PlainHelp {
    param([string] $Path)

    $xml = [System.Xml.XmlDocument]::new()
    $xml.PreserveWhitespace = $true
    $xml.Load($Path)
    $names = [System.Xml.XmlNamespaceManager]::new($xml.NameTable)
    $names.AddNamespace('maml', 'http://schemas.microsoft.com/maml/2004/10')
    $names.AddNamespace('command', 'http://schemas.microsoft.com/maml/dev/command/2004/10')
    $names.AddNamespace('dev', 'http://schemas.microsoft.com/maml/dev/2004/10')
    foreach ($example in @($xml.SelectNodes('//command:example', $names))) {
        $code = $example.SelectSingleNode('dev:code', $names)
        $remarks = $example.SelectSingleNode('dev:remarks', $names)
        $blocks = @()
        foreach ($paragraph in @($example.SelectNodes('maml:introduction/maml:para', $names))) {
            if ($paragraph.InnerText -match '(?s)^```\w*\r?\n(.*?)\r?\n?```$') {
                $blocks += $Matches[1]
                [void]$paragraph.ParentNode.RemoveChild($paragraph)
            } elseif ($paragraph.InnerText.Trim([char]0x80, [char]' ') -eq '') {
                [void]$paragraph.ParentNode.RemoveChild($paragraph)
            } else {
                [void]$remarks.AppendChild($paragraph)
            }
        }

        $code.InnerText = $blocks -join "`n"
        $blank = $xml.CreateElement('maml', 'para', $names.LookupNamespace('maml'))
        [void]$remarks.AppendChild($blank)
    }

    foreach ($paragraph in @($xml.SelectNodes('//maml:para', $names))) {
        $paragraph.InnerText = $paragraph.InnerText -replace '`([^`]+)`', "'`$1'"
    }

    if ($xml.OuterXml.Contains('```')) {
        throw "$Path still has Markdown's code fences in it."
    }

    $xml.Save($Path)
}

$files = @(Get-ChildItem -Path $Pages -Filter *-*.md)
if ($files.Count -eq 0) {
    throw "There are no cmdlet pages in $Pages."
}

# platyPS writes into a folder named for the module.
$folder = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), [System.IO.Path]::GetRandomFileName())
try {
    $made = Import-MarkdownCommandHelp -Path $files.FullName | Export-MamlCommandHelp -OutputFolder $folder -Force
    [void][System.IO.Directory]::CreateDirectory($Target)
    $made | ForEach-Object {
        ConvertTo-PlainHelp $_.FullName
        Copy-Item -LiteralPath $_.FullName -Destination $Target
    }
    Write-Host ('Help of {0} cmdlets: {1}' -f $files.Count, (($made | ForEach-Object { $_.Name }) -join ', '))
} finally {
    if (Test-Path -LiteralPath $folder) {
        Remove-Item -LiteralPath $folder -Recurse
    }
}
