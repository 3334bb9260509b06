# The rules of docker-rules.md, asked of docker and of the module on the same dockerd: both answers are equal, or differ as the rule declares.
# The table of all answers is printed, and written to docker-rules.txt in $env:IMGSPS_TEST_OUTPUT (else the temporary folder).
BeforeDiscovery {
    Import-Module "$PSScriptRoot/RealParts.psm1" -Force
    $missing = Get-MissingPart docker-registry, dockerd, docker, busybox
    $rules = if ($missing) {
        Write-Warning "The rules are not asked of docker; this machine has no $missing."
        @{ Number = 'All'; Says = "rules, which need $missing" }
    }
    else {
        Import-Module "$PSScriptRoot/Rules/RuleRunner.psm1" -Global
        Get-ChildItem "$PSScriptRoot/Rules/*.ps1" | ForEach-Object { . $_.FullName }
    }
}

Describe 'Docker and the module on one Engine' -Skip:([bool]$missing) {
    BeforeAll {
        Import-Module "$PSScriptRoot/RealParts.psm1" -Force
        Import-Module "$PSScriptRoot/TestSession.psm1" -Force
        Import-Module "$PSScriptRoot/Rules/RuleRunner.psm1" -Global
        Import-TestModule
        $folder = (New-Item -ItemType Directory (Join-Path ([System.IO.Path]::GetTempPath()) "imgsps-rules-$([guid]::NewGuid().ToString('N'))")).FullName
        $before = @{}
        'DOCKER_HOST', 'DOCKER_CONFIG', 'DOCKER_CONTEXT', 'DOCKER_BUILDKIT', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH' | ForEach-Object {
            $before[$_] = [Environment]::GetEnvironmentVariable($_)
            [Environment]::SetEnvironmentVariable($_, $null)
        }
        $defaults = $global:PSDefaultParameterValues.Clone()
        $global:PSDefaultParameterValues['*-Image*:Store'] = 'docker'
        $table = [System.Collections.Generic.List[string]]::new()
        $counts = @{ same = 0; declared = 0; DIFFERS = 0 }

        $registry = Start-RealRegistry $folder
        $engine = Start-RealEngine $folder
        Use-RuleEngine $engine.Socket (New-Item -ItemType Directory "$folder/config").FullName
        New-RuleWorld $folder $registry.Host
    }

    AfterAll {
        try {
            if ($engine -and -not $engine.Process.HasExited) { Clear-RuleWorld }
        }
        finally {
            Stop-RealPart $engine
            Stop-RealPart $registry
            Remove-Item -LiteralPath $folder -Recurse -Force
            $global:PSDefaultParameterValues.Clear()
            $defaults.GetEnumerator() | ForEach-Object { $global:PSDefaultParameterValues[$_.Key] = $_.Value }
            $before.GetEnumerator() | ForEach-Object { [Environment]::SetEnvironmentVariable($_.Key, $_.Value) }
            Remove-Module RuleRunner, RuleWorld -Force
        }
        $table.Add("$($table.Count) rules: $($counts.same) same, $($counts.declared) declared, $($counts.DIFFERS) different.")
        $table | ForEach-Object { Write-Host $_ }
        $output = if ($env:IMGSPS_TEST_OUTPUT) { $env:IMGSPS_TEST_OUTPUT } else { [System.IO.Path]::GetTempPath() }
        Set-Content -LiteralPath (Join-Path $output docker-rules.txt) -Value $table
    }

    It '<_.Number>: <_.Says>' -ForEach $rules {
        $rule = $_
        $answers = Invoke-Rule $rule
        $equal = ($answers.Docker -join "`n") -ceq ($answers.Module -join "`n")
        $verdict = if ($equal -and (-not $rule.Declared -or $rule.Varies)) { 'same' }
        elseif (-not $equal -and $rule.Declared -and ($answers.Module -join "`n") -ceq ($rule.Answers -join "`n")) { 'declared' }
        else { 'DIFFERS' }
        $counts[$verdict]++
        $table.Add((@(
                    "$($rule.Number) $($rule.Says) | $verdict$(if ($rule.Declared) { ": $($rule.Declared)" })"
                    $answers.Docker | ForEach-Object { "    docker  $_" }
                    if (-not $equal) { $answers.Module | ForEach-Object { "    module  $_" } }
                ) -join [Environment]::NewLine))
        if ($rule.Declared) {
            $answers.Module | Should -BeExactly $rule.Answers -Because "this is declared: $($rule.Declared)"
        }
        else {
            $answers.Module | Should -BeExactly $answers.Docker
        }
        $verdict | Should -Not -Be DIFFERS -Because 'a difference that is declared must be there'
        $answers.Fails | Should -Be "$($rule.Fails)"
    }
}
