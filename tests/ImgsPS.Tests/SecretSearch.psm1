# The secrets of the tests, in one place, and the search for them in whatever a test, or a whole run, leaves behind (RC4).
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

# New for each run and the same in its child processes, so that nothing but a leak has them.
if (-not $env:IMGSPS_TEST_SEED) { $env:IMGSPS_TEST_SEED = [guid]::NewGuid().ToString('N').Substring(0, 12) }

# What a password may have that some format has to escape.
$secrets = [ordered]@{}
foreach ($name in 'Registry', 'Config', 'Helper', 'IdentityToken', 'Proxy', 'Address', 'Wrong', 'Control') {
    $secrets[$name] = "Zq$($name)7" + $env:IMGSPS_TEST_SEED + $(if ($name -notin 'IdentityToken', 'Address') { '"+/ <x>&' }) + 'k9'
}

# A secret by its name: what a registry, a helper, a proxy... is given.
function Get-TestSecret {
    param([Parameter(Mandatory)] [string] $Name)
    if (-not $secrets.Contains($Name)) { throw "There is no secret '$Name'." }
    $secrets[$Name]
}

# Makes a secret known that a test was given: a token.
function Add-TestSecret {
    param([Parameter(Mandatory)] [string] $Name, [Parameter(Mandatory)] [string] $Value)
    $secrets[$Name] = $Value
}

function Get-TestCredential {
    param([Parameter(Mandatory)] [string] $Name, [string] $UserName = 'bob')
    $secure = [securestring]::new()
    (Get-TestSecret $Name).ToCharArray() | ForEach-Object { $secure.AppendChar($_) }
    [pscredential]::new($UserName, $secure)
}

# The forms in which a secret may stand in a text.
function Get-SecretForm {
    param([Parameter(Mandatory)] [string] $Secret)

    $Secret
    [uri]::EscapeDataString($Secret)
    [System.Net.WebUtility]::UrlEncode($Secret)
    $json = ConvertTo-Json $Secret -Compress
    $json.Substring(1, $json.Length - 2)
    [System.Security.SecurityElement]::Escape($Secret)
    [System.Net.WebUtility]::HtmlEncode($Secret)
    $Secret.Replace('"', '\u0022').Replace('+', '\u002B').Replace('<', '\u003C').Replace('>', '\u003E').Replace('&', '\u0026')
    $bytes = [System.Text.Encoding]::UTF8.GetBytes($Secret)
    foreach ($before in 0..2) {
        # The characters that come of the secret's bits alone, whatever stands before and behind.
        $all = [System.Convert]::ToBase64String([byte[]]((, [byte]0 * $before) + $bytes))
        $first = [int][math]::Ceiling($before * 8 / 6)
        $text = $all.Substring($first, [int][math]::Floor(($before + $bytes.Length) * 8 / 6) - $first)
        $text
        $text.Replace('+', '-').Replace('/', '_')
    }

    # As a PSCredential is exported where there is no DPAPI.
    [System.BitConverter]::ToString([System.Text.Encoding]::Unicode.GetBytes($Secret)).Replace('-', '').ToLowerInvariant()
}

# The forms of each secret, made once.
$forms = @{}

# The secrets that a text has, by their names.
function Find-TestSecret {
    param([Parameter(Mandatory, ValueFromPipeline)] [AllowEmptyString()] [AllowNull()] [string] $Text)

    process {
        if (-not $Text) { return }

        # The console breaks lines.
        $joined = $Text -replace '\r?\n', ''
        foreach ($name in $secrets.Keys) {
            $secret = $secrets[$name]
            if (-not $forms.ContainsKey($secret)) { $forms[$secret] = [string[]]@(Get-SecretForm $secret | Select-Object -Unique) }
            foreach ($form in $forms[$secret]) {
                if ($Text.Contains($form) -or $joined.Contains($form)) { $name; break }
            }
        }
    }
}

# The secrets in the files of a folder, as "file: name".
function Find-TestSecretInFolder {
    param([Parameter(Mandatory)] [string] $Folder)

    foreach ($file in Get-ChildItem -LiteralPath $Folder -File -Recurse -Force) {
        # One byte, one character: text in binary files is found too.
        $text = [System.Text.Encoding]::GetEncoding(28591).GetString([System.IO.File]::ReadAllBytes($file.FullName))
        Find-TestSecret ($file.FullName + "`n" + $text) | ForEach-Object { "$($file.FullName): $_" }
    }
}

# All that an error record says and holds: its exceptions with their data, target, details, invocation.
function ConvertTo-SearchText {
    param([Parameter(Mandatory, ValueFromPipeline)] $ErrorRecord)

    process {
        $exception = $ErrorRecord
        if ($ErrorRecord -is [System.Management.Automation.ErrorRecord]) {
            $exception = $ErrorRecord.Exception
            "$ErrorRecord"
            $ErrorRecord.FullyQualifiedErrorId
            $ErrorRecord.CategoryInfo.ToString()
            $ErrorRecord.CategoryInfo.TargetName
            $ErrorRecord.ScriptStackTrace
            $target = $ErrorRecord.TargetObject
            if ($null -ne $target) {
                "$target"
                if ($target -is [uri]) { $target.OriginalString }
                try { [System.Management.Automation.PSSerializer]::Serialize($target, 3) } catch { "$_" }
            }

            if ($ErrorRecord.ErrorDetails) {
                $ErrorRecord.ErrorDetails.Message
                $ErrorRecord.ErrorDetails.RecommendedAction
            }

            if ($ErrorRecord.InvocationInfo) {
                $ErrorRecord.InvocationInfo.Line
                $ErrorRecord.InvocationInfo.PositionMessage
                $ErrorRecord.InvocationInfo.BoundParameters.GetEnumerator() | ForEach-Object { "$($_.Key)=$($_.Value)" }
            }

            $ErrorRecord | Format-List * -Force | Out-String -Width 4096
        }

        for (; $exception -is [System.Exception]; $exception = $exception.InnerException) {
            $exception.ToString()
            $exception.Message
            $exception.Data.GetEnumerator() | ForEach-Object { "$($_.Key)=$($_.Value)" }
            foreach ($property in $exception.PSObject.Properties) {
                try { if ($property.Value -is [string]) { $property.Value } } catch { "$_" }
            }
        }
    }
}

# Writes down what a search of a whole run found ($env:IMGSPS_SECRET_FINDINGS), for the one who runs the suite.
function Add-SecretFinding {
    param([Parameter(Mandatory)] [string] $Where, [string[]] $Found)
    foreach ($one in $Found) { Add-Content -LiteralPath $env:IMGSPS_SECRET_FINDINGS -Value "${Where}: $one" }
}

Export-ModuleMember -Function *
