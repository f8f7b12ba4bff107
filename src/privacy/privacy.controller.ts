import { Controller, Delete, Get, Header, Param, Req, Res, UseFilters } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access } from '../access/access.js';
import { AccessBy } from '../access/access.guard.js';
import { AnalyticsExceptionFilter } from '../common/analytics-exception.filter.js';
import {
  nodeRequest,
  queryParameters,
  takeOver,
  type HttpRequest,
  type HttpResponse,
} from '../common/http.js';
import { whileConnected } from '../query/send-answer.js';
import { ErasureService } from './erasure.service.js';
import { ErasureWatch } from './erasure-watch.js';
import { ExportService } from './export.service.js';
import { parseNamed } from './parse-named.js';
import type { ErasureDto } from './privacy.dto.js';
import { DescribeErasure, DescribeExport } from './privacy.openapi.js';

/** What a person may ask for: all that is kept of them, and that nothing is. */
@ApiTags('users')
@Controller('analytics/users')
@UseFilters(AnalyticsExceptionFilter)
@AccessBy('admin')
export class PrivacyController {
  constructor(
    private readonly exports: ExportService,
    private readonly erasures: ErasureService,
    private readonly watch: ErasureWatch,
    private readonly access: Access,
  ) {}

  @Get(':id/export')
  @DescribeExport()
  async export(
    @Param('id') id: string,
    @Req() request: HttpRequest,
    @Res() response: HttpResponse,
  ): Promise<void> {
    const [node, answer] = [nodeRequest(request), takeOver(response)];
    const named = parseNamed(id, queryParameters(node));
    await this.exports.send(named, answer, whileConnected(answer));
  }

  @Delete(':id')
  @Header('Cache-Control', 'no-store')
  @DescribeErasure()
  async erase(@Param('id') id: string, @Req() request: HttpRequest): Promise<ErasureDto> {
    const node = nodeRequest(request);
    const actor = this.access.actorOf(node) ?? 'anyone';
    return await this.erasures.erase(
      parseNamed(id, queryParameters(node)),
      actor,
      this.watch.signal,
    );
  }
}
